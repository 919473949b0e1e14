use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};

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
    if command.json {
        output::json(&answer)?;
    } else {
        show(&answer)?;
    }
    Ok(match (status, answer["money"].as_str()) {
        (StatusCode::OK, Some("refunded")) => Exit::Done,
        (StatusCode::ACCEPTED, _) | (StatusCode::SERVICE_UNAVAILABLE, _) => Exit::Unknown,
        _ => Exit::Unavailable,
    })
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
