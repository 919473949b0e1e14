use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use x402::Refunds;
use x402_buyer::Intent;

use crate::{
    args::Refund,
    context::Context,
    exit::{Exit, Usage},
    output,
};

const PATIENCE: Duration = Duration::from_secs(30);
/// A seller's answer is a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Asks the seller of a payment for what is owed back. It can go to nobody but the payer.
pub(crate) async fn run(context: &Context, command: &Refund) -> anyhow::Result<Exit> {
    let intent = context.ledger().await?.intent(command.id).await?;
    let intent = intent.ok_or_else(|| Usage(format!("no payment {} was made from here", command.id)))?;
    let url = intent.request.url().join("/refunds").context("the seller's URL")?;
    let http = Client::builder().redirect(Policy::none()).timeout(PATIENCE).build()?;
    let asked = http.post(url).json(&json!({ "paymentId": command.id })).send().await;
    let Ok(response) = asked.map_err(|error| output::note(format_args!("buyer: {}", error.without_url())))
    else {
        return Ok(Exit::Unavailable);
    };
    let status = response.status();
    let answer = read(response).await?;
    keep(context, &intent, &answer).await?;
    if command.json {
        output::json(&answer)?;
    } else {
        show(&answer)?;
    }
    Ok(match status {
        StatusCode::OK if answer["refunds"].is_array() => Exit::Done,
        StatusCode::ACCEPTED | StatusCode::SERVICE_UNAVAILABLE => Exit::Unknown,
        _ => Exit::Unavailable,
    })
}

/// Writes down what the seller says that it gives back to the payer; that it is back, only the chain says.
async fn keep(context: &Context, intent: &Intent, answer: &Value) -> anyhow::Result<()> {
    let refunds: Refunds = serde_json::from_value(answer["refunds"].clone()).unwrap_or_default();
    let payer = intent.payment.authorization.from;
    let (ledger, chain) = (context.ledger().await?, context.chain(intent.network).await?);
    for refund in refunds.0.iter().filter(|refund| refund.to == payer) {
        let seen = match (&chain, refund.transaction) {
            (Some(chain), Some(transaction)) => chain.made_refund(intent.id(), refund, transaction).await?,
            _ => false,
        };
        ledger.keep_refund(intent.id(), refund, seen).await?;
    }
    Ok(())
}

async fn read(mut response: Response) -> anyhow::Result<Value> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            bail!("the seller's answer is longer than {MAX_ANSWER_BYTES} bytes");
        }
    }
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

fn show(answer: &Value) -> std::io::Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let Some(money) = answer["money"].as_str() else {
        let detail = text(&answer["detail"]);
        return output::line(if detail.is_empty() { "the seller gives nothing back" } else { &detail });
    };
    output::line(money)?;
    for refund in answer["refunds"].as_array().into_iter().flatten() {
        output::line(format_args!(
            "{} to {}  {}",
            text(&refund["amount"]),
            text(&refund["to"]),
            text(&refund["transaction"])
        ))?;
    }
    Ok(())
}
