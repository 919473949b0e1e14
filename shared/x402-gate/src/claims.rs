//! `POST /refunds`: a buyer asks for what is owed back. What the gate owes it pays unasked; this says how far it is, and
//! makes it try at once.

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use http::{StatusCode, header::CACHE_CONTROL, request::Parts};
use serde::Deserialize;
use x402::{Address, B256, ErrorReason, PaymentId};

use crate::{
    Gate, LedgerError, Money, deliver,
    ledger::{Record, Refunding},
    refund,
    refusal::{Refusal, problem},
    status,
};

/// Names the payment: by its id, or by transaction and payer where they name one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ask {
    payment_id: Option<B256>,
    transaction: Option<B256>,
    payer: Option<Address>,
    /// Nobody but the payer is given anything back: said here, it must be the payer.
    refund_to: Option<Address>,
}

pub(crate) fn router(gate: &Gate) -> Router {
    Router::new().route("/refunds", post(ask)).with_state(gate.clone())
}

async fn ask(State(gate): State<Gate>, parts: Parts, body: Bytes) -> Response {
    if !gate.admits(&parts.headers, &parts.extensions) {
        return deliver::too_often();
    }
    let Ok(ask) = serde_json::from_slice::<Ask>(&body) else {
        let detail = "name the payment: paymentId, or transaction and payer";
        return problem(StatusCode::BAD_REQUEST, &ErrorReason::INVALID_PAYLOAD, detail);
    };
    match answer(&gate, &ask).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "asked for a refund");
            let detail = "the ledger does not answer; ask again";
            problem(StatusCode::SERVICE_UNAVAILABLE, &Refusal::from(error).reason(), detail)
        }
    }
}

async fn answer(gate: &Gate, ask: &Ask) -> Result<Response, LedgerError> {
    let refuse = |status, reason: &str, detail| Ok(problem(status, &reason.to_owned().into(), detail));
    let record = match named(gate, ask).await? {
        Named::One(record) => record,
        Named::None => {
            let detail = "this seller never claimed that payment: nothing was charged here";
            return refuse(StatusCode::NOT_FOUND, "unknown_payment", detail);
        }
        Named::Several => {
            let detail = "the transaction made several payments of this payer: name one by paymentId";
            return refuse(StatusCode::CONFLICT, "ambiguous_payment", detail);
        }
    };
    if ask.refund_to.is_some_and(|other| other != record.key.payer) {
        let detail = "a refund goes to the payer and to nobody else";
        return refuse(StatusCode::BAD_REQUEST, "refund_to_other", detail);
    }
    if record.debt().is_some() {
        return owed(gate, &record).await;
    }
    match record.money {
        Money::Settling | Money::Unknown => {
            let detail = "it is not known yet whether the payment settled; ask again";
            refuse(StatusCode::SERVICE_UNAVAILABLE, ErrorReason::SETTLEMENT_PENDING.as_str(), detail)
        }
        Money::Open | Money::Dead => {
            refuse(StatusCode::CONFLICT, "not_refundable", "nothing was charged for this payment")
        }
        Money::Settled | Money::RefundDue | Money::Refunding | Money::Refunded => {
            let detail = "what was paid for is served: nothing is owed back";
            refuse(StatusCode::CONFLICT, "not_refundable", detail)
        }
    }
}

/// Shows how far a refund is, and makes the gate try at once.
async fn owed(gate: &Gate, record: &Record) -> Result<Response, LedgerError> {
    if record.refund == Refunding::Done {
        return Ok(show(gate, record, StatusCode::OK));
    }
    if gate.0.config.refunds.is_some() {
        gate.0.ledger.hasten_refund(record.id).await?;
        let trying = gate.clone();
        // What fails here the reconciler tries again.
        gate.0.tasks.spawn(async move { refund::sweep(&trying).await });
    }
    Ok(show(gate, record, StatusCode::ACCEPTED))
}

enum Named {
    One(Box<Record>),
    None,
    Several,
}

async fn named(gate: &Gate, ask: &Ask) -> Result<Named, LedgerError> {
    let id = match (ask.payment_id, ask.transaction, ask.payer) {
        (Some(id), ..) => PaymentId(id),
        (None, Some(transaction), Some(payer)) => {
            match gate.0.ledger.payments_in(transaction, payer).await?[..] {
                [id] => id,
                [] => return Ok(Named::None),
                _ => return Ok(Named::Several),
            }
        }
        _ => return Ok(Named::None),
    };
    Ok(gate.0.ledger.get(id).await?.map_or(Named::None, |record| Named::One(Box::new(record))))
}

fn show(gate: &Gate, record: &Record, status: StatusCode) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], Json(status::describe(gate, record))).into_response()
}
