use std::fs;

use anyhow::Context as _;
use x402_buyer::{Outcome, Receipt, verify};

use crate::{
    args::Verify,
    context::Context,
    exit::{Exit, Usage},
    output,
};

pub(crate) async fn run(context: &Context, command: &Verify) -> anyhow::Result<Exit> {
    let text = fs::read(&command.file).with_context(|| Usage(command.file.display().to_string()))?;
    let receipt: Receipt = match serde_json::from_slice(&text) {
        Ok(receipt) => receipt,
        Err(error) => {
            output::note(format_args!("buyer: {} is no receipt: {error}", command.file.display()));
            return Ok(Exit::NotVerified);
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
