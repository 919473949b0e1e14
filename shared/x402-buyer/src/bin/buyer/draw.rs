use draw::{DrawRequest, Values};
use serde::Serialize;
use x402_buyer::{Receipt, Report, Request, Terms, add_inclusion_proof, verify};

use crate::{
    args::{Draw, Kind},
    buy,
    context::Context,
    exit::{Exit, Usage},
    output, pay,
    purchase::Summary,
};

/// Where the service sells draws.
const PATH: &str = "/v1/random";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    values: Vec<Values>,
    report: Report,
    purchase: Option<Summary>,
}

pub(crate) async fn run(context: &Context, command: Draw) -> anyhow::Result<Exit> {
    let budget = command.purchasing.budget.clone();
    let terms = Terms { max_price: Some(command.max), budget, ..Terms::default() };
    let (request, terms) = of_the_day(context, &command, terms).await?;
    let sent = buy::send(context, &request, &terms, command.purchasing.calls).await;
    let mut answer = sent.inspect_err(buy::show_refusal)?;
    let (save, json) = (command.purchasing.save.as_deref(), command.purchasing.json);
    if let Some(purchase) = &mut answer.purchase {
        add_proof(&mut purchase.receipt).await;
    }
    let drawn = answer
        .purchase
        .as_ref()
        .and_then(|purchase| Some((&purchase.receipt, purchase.receipt.draw.as_ref()?)));
    let Some((receipt, draw)) = drawn else {
        output::note("buyer: the answer is no verifiable draw");
        pay::show(&answer, save, json)?;
        return Ok(Exit::NotVerified);
    };
    // The chain is left to `buyer verify`: what the seller settled a moment ago may not have reached every node.
    let report = verify(receipt, None).await;
    let (values, verified) = (draw.values.clone(), report.verified);
    if !json {
        values.iter().try_for_each(|values| output::line(values.texts().join(" ")))?;
    }
    let purchase = Summary::of(&answer, save)?;
    if json {
        output::json(&Printed { values, report, purchase })?;
    } else {
        show(&report, purchase.as_ref());
    }
    Ok(if verified { Exit::Done } else { Exit::NotVerified })
}

/// The request in the epoch that the seller offers, and no other offer for it: the key was public before it is asked for.
async fn of_the_day(context: &Context, command: &Draw, terms: Terms) -> anyhow::Result<(Request, Terms)> {
    let url = buy::endpoint(&command.url, PATH)?;
    let request = |epoch| anyhow::Ok(Request::post_json(&url, &asked(command, epoch)?)?);
    let offer = context.client().await?.offer(&request(None)?, &terms).await;
    let epoch = offer?.and_then(|offer| offer.epoch());
    Ok((request(epoch)?, Terms { epoch, ..terms }))
}

/// The receipt is good without the proof: it holds the promise, and the proof can be had later.
async fn add_proof(receipt: &mut Receipt) {
    if let Err(error) = add_inclusion_proof(receipt).await {
        output::note(format_args!(
            "buyer: the draw is promised to be in the log; no proof of it yet: {error}"
        ));
    }
}

fn show(report: &Report, purchase: Option<&Summary>) {
    let failed = report.checks.iter().filter(|check| check.outcome == x402_buyer::Outcome::Failed);
    if report.verified {
        output::note(
            "verified     the values follow from the proof, made for this payment and request, under the offered key",
        );
    }
    failed.for_each(|check| output::note(format_args!("NOT VERIFIED {}: {}", check.name, check.detail)));
    if let Some(purchase) = purchase {
        purchase.show();
    }
}

/// The flags have the meaning of the service's own query parameters.
fn asked(command: &Draw, epoch: Option<u32>) -> anyhow::Result<DrawRequest> {
    let Kind { bytes, dice, range, shuffle, sample, weights, uuids, passwords, floats } = &command.kind;
    let range = range.as_deref().map(bounds).transpose()?;
    let [count, epoch] = [command.count, epoch].map(|number| number.map(|number| number.to_string()));
    let parameters = [
        ("bytes", bytes.as_deref()),
        ("dice", dice.as_deref()),
        ("min", range.map(|(min, _)| min)),
        ("max", range.map(|(_, max)| max)),
        ("shuffle", shuffle.as_deref()),
        ("sample", sample.as_deref()),
        ("weights", weights.as_deref()),
        ("uuids", uuids.as_deref()),
        ("passwords", passwords.as_deref()),
        ("floats", floats.as_deref()),
        ("count", count.as_deref()),
        ("clientSeed", command.client_seed.as_deref()),
        ("label", command.label.as_deref()),
        ("mode", command.beacon.then_some("beacon")),
        ("epoch", epoch.as_deref()),
    ];
    let given = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
    Ok(DrawRequest::from_query(given)?)
}

fn bounds(range: &str) -> Result<(&str, &str), Usage> {
    range.split_once("..").ok_or_else(|| Usage(format!("--range {range}: write it MIN..MAX, as in 1..100")))
}
