use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header::CACHE_CONTROL};
use serde_json::{Value, json};
use x402::{ErrorReason, PaymentId, PaymentStatus, Signed};

use crate::{Gate, admit::now, ledger::Record, refund::refunds, refusal::problem};

/// `GET /payments/{id}`: what became of a payment, free and for whoever knows its name.
pub(crate) fn router(gate: &Gate) -> Router {
    Router::new().route("/payments/{id}", get(status)).with_state(gate.clone())
}

async fn status(State(gate): State<Gate>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse() else {
        let detail = "a payment id is 32 bytes of hexadecimal with 0x";
        return problem(StatusCode::BAD_REQUEST, &ErrorReason::INVALID_PAYLOAD, detail);
    };
    match gate.0.ledger.get(PaymentId(id)).await {
        Ok(Some(record)) => {
            let mut description = describe(&gate, &record);
            if let Some(signed) = sign(&gate, &record).await {
                description["signedStatus"] = json!(signed);
            }
            ([(CACHE_CONTROL, "no-store")], Json(description)).into_response()
        }
        Ok(None) => {
            let detail = "this seller never claimed that payment: nothing was charged here";
            problem(StatusCode::NOT_FOUND, &ErrorReason::from("unknown_payment".to_owned()), detail)
        }
        Err(error) => {
            tracing::error!(%error, "payment status");
            let detail = "the ledger does not answer; ask again";
            problem(StatusCode::SERVICE_UNAVAILABLE, &ErrorReason::UNEXPECTED_VERIFY_ERROR, detail)
        }
    }
}

/// The part of the description that the seller answers for, as of the newest block that it has seen.
async fn sign(gate: &Gate, record: &Record) -> Option<Signed<PaymentStatus>> {
    let signer = gate.0.config.receipts.as_ref()?;
    let head = gate.0.head.get(&gate.0.chain).await?;
    Some(signer.status(gate.0.config.network, record, head, now()))
}

/// Nothing here lets a stranger have the answer: neither the salt nor the request is shown.
pub(crate) fn describe(gate: &Gate, record: &Record) -> Value {
    let config = &gate.0.config;
    json!({
        "paymentId": record.id,
        "money": record.money,
        "work": record.work,
        "reason": record.reason,
        "network": config.network.caip2(),
        "asset": record.key.asset,
        "payer": record.key.payer,
        "payTo": config.pay_to,
        "nonce": record.key.nonce,
        "amount": record.amount,
        "resource": record.route,
        "requestHash": record.request_hash,
        "validBefore": record.valid_before.to_string(),
        "transaction": record.transaction,
        "finality": record.settled.map(|settled| settled.finality),
        "receipt": receipt(record),
        "refunds": refunds(record),
        "blockNumber": record.settled.as_ref().map(|settled| settled.block_number.to_string()),
        "claimedAt": record.claimed_at,
        "changedAt": record.changed_at,
    })
}

/// Whether what was signed of the answer still holds: a reorganisation may have taken its payment back.
fn receipt(record: &Record) -> Option<&'static str> {
    match (record.reorged && record.settled.is_none(), &record.proof) {
        (true, _) => Some("revoked"),
        (false, Some(_)) => Some("valid"),
        (false, None) => None,
    }
}
