//! What is said of a purchase, to a person or a program.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use serde::Serialize;
use x402::{Address, B256, ChannelId, PaymentId, Usdc};
use x402_buyer::{Answer, Check, Outcome, Phases, Receipt, proofs};

use crate::output::note;

/// A purchase in short.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    payment_id: PaymentId,
    network: String,
    seller: String,
    amount: Usdc,
    pay_to: Address,
    transaction: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<ChannelId>,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    former_payee: Option<Address>,
    /// What the seller signed of it.
    proofs: Vec<Check>,
    phases_ms: PhasesMs,
    saved_to: Option<PathBuf>,
}

/// Milliseconds by phase.
#[derive(Debug, Serialize)]
struct PhasesMs {
    offer: f64,
    record: f64,
    pay: f64,
    total: f64,
}

impl Summary {
    /// Sums up a purchase and saves its receipt where that is wanted. `None` where nothing was paid.
    pub(crate) fn of(answer: &Answer, save: Option<&Path>) -> anyhow::Result<Option<Self>> {
        let Some(purchase) = &answer.purchase else {
            return Ok(None);
        };
        let receipt = &purchase.receipt;
        if let Some(path) = save {
            self::save(receipt, path).with_context(|| {
                format!(
                    "{} (the receipt is kept: `buyer resume {} --save FILE`)",
                    path.display(),
                    receipt.payment_id
                )
            })?;
        }
        Ok(Some(Self {
            payment_id: receipt.payment_id,
            network: receipt.network.clone(),
            seller: receipt.request.origin.clone(),
            amount: receipt.amount(),
            pay_to: receipt.offer.requirements.pay_to,
            transaction: receipt.transaction(),
            channel: receipt.channel(),
            attempts: purchase.attempts,
            former_payee: purchase.former_payee,
            proofs: proofs(receipt),
            phases_ms: PhasesMs::from(answer.phases),
            saved_to: save.map(Path::to_owned),
        }))
    }

    /// Whether the seller signed nothing else than what was bought.
    pub(crate) fn is_proven(&self) -> bool {
        self.proofs.iter().all(|check| check.outcome != Outcome::Failed)
    }

    /// For a person, on stderr.
    pub(crate) fn show(&self) {
        note(format_args!("paid         {} on {} to {}", self.amount, self.network, self.pay_to));
        note(format_args!("seller       {}", self.seller));
        note(format_args!("payment      {}", self.payment_id));
        match self.transaction {
            _ if self.channel.is_some() => {}
            Some(transaction) => note(format_args!("transaction  {transaction}")),
            None => note("transaction  not named by the seller"),
        }
        let PhasesMs { offer, record, pay, total } = &self.phases_ms;
        let attempts =
            if self.attempts > 1 { format!(", {} attempts", self.attempts) } else { String::new() };
        note(format_args!(
            "phases       offer {offer} ms, record {record} ms, pay {pay} ms{attempts}; total {total} ms"
        ));
        for check in &self.proofs {
            match check.outcome {
                Outcome::Passed if check.name == "delivery" => {
                    note(format_args!("delivery     {}", check.detail));
                }
                Outcome::Failed => note(format_args!("NOT PROVEN   {}: {}", check.name, check.detail)),
                Outcome::Passed | Outcome::NotChecked => {}
            }
        }
        if let Some(former) = self.former_payee {
            note(format_args!("attention    this host was paid at {former} before"));
        }
        if let Some(path) = &self.saved_to {
            note(format_args!("receipt      {}", path.display()));
        }
    }
}

impl From<Phases> for PhasesMs {
    fn from(phases: Phases) -> Self {
        // To a tenth: what is below is noise.
        let ms = |duration: Duration| (duration.as_secs_f64() * 10_000.0).round() / 10.0;
        Self {
            offer: ms(phases.offer),
            record: ms(phases.record),
            pay: ms(phases.pay),
            total: ms(phases.total()),
        }
    }
}

/// Readable by its owner: it is as confidential as the answer in it.
fn save(receipt: &Receipt, path: &Path) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    serde_json::to_writer_pretty(&mut file, receipt)?;
    Ok(writeln!(file)?)
}
