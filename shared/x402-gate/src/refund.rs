//! Gives back what was paid for work that failed. A refund is a transfer of the seller's, signed by the refund wallet, whose
//! nonce follows from the payment: however often it is tried, the token lets it happen once.

use futures_util::future::join_all;
use x402::{
    Authorization, B256, ExtensionInfo, Extensions, PaymentPayload, PaymentRequirements, Refund, Refunds,
    SettleRequest, SigningKey, Usdc,
};
use x402_facilitator::{PaymentState, SettleOutcome};

use crate::{
    Gate, LedgerError, Money,
    admit::now,
    ledger::{Record, Reservation},
    state::tell,
};

/// The account that refunds are paid from, and how much may go out.
#[derive(Clone, Debug)]
pub struct RefundWallet {
    /// Its key. It holds USDC; whoever sends the transaction pays the gas.
    pub key: SigningKey,
    /// What may be given back in any 24 hours. What is owed beyond it waits, visibly.
    pub daily_budget: Usdc,
}

/// A payment has one refund, of all of it.
const INDEX: u32 = 0;
const AT_ONCE: i64 = 16;
/// Longer than a settlement takes.
const LEASE_MS: i64 = 90_000;
/// When a refund that did not succeed is tried again.
const AGAIN_MS: i64 = 2_000;
/// When one that the day's budget did not cover, or that the wallet cannot pay, is tried again.
const LATER_MS: i64 = 60_000;
/// How long a refund's authorization lasts. One that expires unused is signed again, with the same nonce.
const WINDOW_SECONDS: u64 = 300;

/// What came of one attempt.
enum Attempt {
    Done(B256),
    Again { transaction: Option<B256>, after_ms: i64 },
}

/// Pays what is owed, as far as wallet and budget reach.
pub(crate) async fn sweep(gate: &Gate) -> Result<(), LedgerError> {
    let ledger = &gate.0.ledger;
    if let Some(wallet) = gate.0.config.refunds.as_deref() {
        let owed = ledger.take_refunds(AT_ONCE, LEASE_MS).await?;
        for outcome in join_all(owed.iter().map(|record| refund(gate, wallet, record))).await {
            match outcome {
                Ok(()) | Err(LedgerError::Fenced) => {}
                Err(error) => tracing::error!(%error, "refund"),
            }
        }
    }
    let owed = u32::try_from(ledger.refunds_owed().await?).unwrap_or(u32::MAX);
    metrics::gauge!("x402_refunds_owed").set(f64::from(owed));
    Ok(())
}

async fn refund(gate: &Gate, wallet: &RefundWallet, record: &Record) -> Result<(), LedgerError> {
    let authorization = authorization(wallet, record);
    if record.money == Money::RefundDue {
        let id = authorization.key(&gate.0.config.network.usdc()).id();
        let reservation = Reservation { id, daily_budget: wallet.daily_budget };
        let told = tell(record.id, (record.money, record.work), (Money::Refunding, record.work));
        if !gate.0.ledger.reserve_refund(record, reservation).await? {
            tracing::warn!(payment = %record.id, amount = %record.amount, "the day's budget does not cover a refund");
            count("over_budget");
            return gate.0.ledger.note_refund(record, false, None, LATER_MS).await;
        }
        told.done();
    }
    match attempt(gate, wallet, record, authorization).await {
        Attempt::Done(transaction) => {
            tracing::info!(payment = %record.id, %transaction, amount = %record.amount, "refunded");
            count("refunded");
            let told = tell(record.id, (Money::Refunding, record.work), (Money::Refunded, record.work));
            gate.0.ledger.note_refund(record, true, Some(transaction), 0).await?;
            told.done();
            Ok(())
        }
        Attempt::Again { transaction, after_ms } => {
            count("tried");
            gate.0.ledger.note_refund(record, false, transaction, after_ms).await
        }
    }
}

/// Asks the chain first where an earlier attempt may have arrived.
async fn attempt(
    gate: &Gate,
    wallet: &RefundWallet,
    record: &Record,
    authorization: Authorization,
) -> Attempt {
    let again = |transaction| Attempt::Again { transaction, after_ms: AGAIN_MS };
    if let (Money::Refunding, Some(paid)) = (record.money, record.settled) {
        match gate.0.chain.payment_state(&authorization, paid.block_number).await {
            Ok(PaymentState::Settled(settled)) => return Attempt::Done(settled.transaction),
            Ok(PaymentState::Unused { .. }) => {}
            Ok(PaymentState::Burned) => {
                tracing::error!(payment = %record.id, "the refund's nonce was used for something else");
                return Attempt::Again { transaction: None, after_ms: LATER_MS };
            }
            Err(error) => {
                tracing::warn!(payment = %record.id, %error, "the chain does not answer");
                return again(None);
            }
        }
    }
    let Ok(request) = request(gate, wallet, record, authorization) else { return again(None) };
    match gate.0.facilitator.settle(&request).await {
        Ok(SettleOutcome::Settled(settled)) => Attempt::Done(settled.transaction),
        Ok(SettleOutcome::Unknown { transaction, detail }) => {
            tracing::warn!(payment = %record.id, detail, "refund unknown");
            again(transaction)
        }
        Ok(SettleOutcome::Failed { reason, .. }) => {
            tracing::error!(payment = %record.id, %reason, wallet = %wallet.key.address(), "a refund is not possible");
            Attempt::Again { transaction: None, after_ms: LATER_MS }
        }
        Err(error) => {
            tracing::warn!(payment = %record.id, %error, "no refund could be sent");
            again(None)
        }
    }
}

/// To the payer, and nobody else.
fn authorization(wallet: &RefundWallet, record: &Record) -> Authorization {
    Authorization {
        from: wallet.key.address(),
        to: record.key.payer,
        value: record.amount,
        valid_after: 0,
        valid_before: now() + WINDOW_SECONDS,
        nonce: record.id.refund_nonce(INDEX),
    }
}

fn request(
    gate: &Gate,
    wallet: &RefundWallet,
    record: &Record,
    authorization: Authorization,
) -> Result<SettleRequest, serde_json::Error> {
    let network = gate.0.config.network;
    let terms = PaymentRequirements::exact(network, record.amount, record.key.payer, WINDOW_SECONDS);
    let payment_payload = PaymentPayload {
        x402_version: 2,
        resource: None,
        accepted: terms.clone(),
        payload: serde_json::to_value(authorization.sign(&network.usdc(), &wallet.key))?,
        extensions: None,
    };
    Ok(SettleRequest { x402_version: 2, payment_payload, payment_requirements: terms })
}

/// What is, or will be, given back for a payment.
pub(crate) fn refunds(record: &Record) -> Option<Refunds> {
    let owed = matches!(record.money, Money::RefundDue | Money::Refunding | Money::Refunded);
    let (amount, transaction, to) = (record.amount, record.refund_transaction, record.key.payer);
    owed.then(|| Refunds(vec![Refund { index: INDEX, amount, transaction, to }]))
}

/// The same as the extension of a settlement's response.
pub(crate) fn announcement(record: &Record) -> Option<Extensions> {
    let mut extensions = Extensions::new();
    refunds(record)?.attach(&mut extensions);
    Some(extensions)
}

fn count(outcome: &'static str) {
    metrics::counter!("x402_refunds_total", "outcome" => outcome).increment(1);
}
