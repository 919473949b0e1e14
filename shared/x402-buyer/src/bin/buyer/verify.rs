use std::fs;

use anyhow::Context as _;
use x402::PaymentId;
use x402_buyer::{Outcome, Receipt, verify};

use crate::{
    args::Verify,
    context::Context,
    exit::{Exit, Usage},
    output,
};

pub(crate) async fn run(context: &Context, command: &Verify) -> anyhow::Result<Exit> {
    let receipt = match command.receipt.parse().map(PaymentId) {
        Ok(id) => {
            let kept = context.ledger().await?.receipt(id).await?;
            kept.ok_or_else(|| Usage(format!("no receipt of {id} is kept here")))?
        }
        Err(_) => {
            let text = fs::read(&command.receipt).with_context(|| Usage(command.receipt.clone()))?;
            match serde_json::from_slice::<Receipt>(&text) {
                Ok(receipt) => receipt,
                Err(error) => {
                    output::note(format_args!("buyer: {} is no receipt: {error}", command.receipt));
                    return Ok(Exit::NotVerified);
                }
            }
        }
    };
    let chain = match receipt.known_network() {
        Some(network) if !command.offline => {
            context.chain(network).await.context("use --offline to leave it out")?
        }
        _ => None,
    };
    let report = verify(&receipt, chain.as_ref()).await;
    if command.json {
        output::json(&report)?;
    } else {
        for check in &report.checks {
            output::line(format_args!("{:12} {:16} {}", check.outcome, check.name, check.detail))?;
        }
        output::line(if report.verified { "the receipt holds" } else { "THE RECEIPT DOES NOT HOLD" })?;
    }
    let chain_silent = chain.is_some()
        && report.checks.iter().any(|check| check.name == "chain" && check.outcome == Outcome::NotChecked);
    Ok(match report.verified {
        false => Exit::NotVerified,
        true if chain_silent => Exit::Unavailable,
        true => Exit::Done,
    })
}
