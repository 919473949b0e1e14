//! Gives back what was paid for work that failed, or above what the work cost. A refund is a transfer of the seller's, signed
//! by the refund wallet, whose nonce follows from the payment: however often it is tried, the token lets it happen once.

use futures_util::future::join_all;
use x402::{
    Authorization, B256, ExtensionInfo, Extensions, PaymentPayload, PaymentRequirements, Refund, Refunds,
    SettleRequest, SigningKey, Usdc,
};
use x402_facilitator::{PaymentState, SettleOutcome};

use crate::{
    Gate, LedgerError, Money,
    admit::now,
    lease::{LEASE_MS, Lease},
    ledger::{Record, Refunding, Reservation},
    state::{Told, tell, tell_step},
};

/// The account that refunds are paid from, and how much may go out.
#[derive(Clone, Debug)]
pub struct RefundWallet {
    /// Its key. It holds USDC; whoever sends the transaction pays the gas.
    pub key: SigningKey,
    /// What may be given back in any 24 hours. What is owed beyond it waits, visibly.
    pub daily_budget: Usdc,
}

/// A payment has one refund: of all of it where the work failed, of what the work did not cost where it was done.
const INDEX: u32 = 0;
const AT_ONCE: i64 = 16;
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
        let refunds =
            owed.iter().map(|record| Lease::of(ledger, record).during(refund(gate, wallet, record)));
        for outcome in join_all(refunds).await {
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
    let Some(amount) = record.debt() else { return Ok(()) };
    let authorization = authorization(wallet, record, amount);
    if record.refund == Refunding::NotBegun {
        let id = authorization.key(&gate.0.config.network.usdc()).id();
        let reservation = Reservation { id, amount, daily_budget: wallet.daily_budget };
        let told = tell_refund(record, Money::Refunding);
        if !gate.0.ledger.reserve_refund(record, reservation).await? {
            tracing::warn!(payment = %record.id, %amount, "the day's budget does not cover a refund");
            count("over_budget");
            return gate.0.ledger.note_refund(record, false, None, LATER_MS).await;
        }
        told.done();
    }
    match attempt(gate, wallet, record, authorization).await {
        Attempt::Done(transaction) => {
            tracing::info!(payment = %record.id, %transaction, %amount, "refunded");
            count("refunded");
            let told = tell_refund(record, Money::Refunded);
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

/// Tells how far a refund is. Where a part is given back, the payment stays settled.
fn tell_refund(record: &Record, to: Money) -> Told {
    let from = if to == Money::Refunding { Money::RefundDue } else { Money::Refunding };
    match record.money {
        Money::Settled => tell_step(record.id, format!("settled/served part_{}", to.as_str())),
        _ => tell(record.id, (from, record.work), (to, record.work)),
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
    if let (Refunding::Reserved, Some(paid)) = (record.refund, record.settled) {
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
    let Ok(request) = request(gate, wallet, authorization) else { return again(None) };
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
fn authorization(wallet: &RefundWallet, record: &Record, amount: Usdc) -> Authorization {
    Authorization {
        from: wallet.key.address(),
        to: record.key.payer,
        value: amount,
        valid_after: 0,
        valid_before: now() + WINDOW_SECONDS,
        nonce: record.id.refund_nonce(INDEX),
    }
}

fn request(
    gate: &Gate,
    wallet: &RefundWallet,
    authorization: Authorization,
) -> Result<SettleRequest, serde_json::Error> {
    let network = gate.0.config.network;
    let (amount, payer) = (authorization.value, authorization.to);
    let terms = PaymentRequirements::exact(network, amount, payer, WINDOW_SECONDS);
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
    let (transaction, to) = (record.refund_transaction, record.key.payer);
    record.debt().map(|amount| Refunds(vec![Refund { index: INDEX, amount, transaction, to }]))
}

/// The same beside the other extensions of a settlement's response.
pub(crate) fn announce(record: &Record, extensions: Option<Extensions>) -> Option<Extensions> {
    let Some(refunds) = refunds(record) else { return extensions };
    let mut extensions = extensions.unwrap_or_default();
    refunds.attach(&mut extensions);
    Some(extensions)
}

fn count(outcome: &'static str) {
    metrics::counter!("x402_refunds_total", "outcome" => outcome).increment(1);
}
