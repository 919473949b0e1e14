//! The answer: that it is the one received, and where it is a draw, that nobody chose the values.

use std::time::{Duration, UNIX_EPOCH};

use draw::{DrawReceipt, DrawRequest, LogKey, Logged, Mode, PublicKey, Scheme, Trust, VerifiedDraw};
use serde::Deserialize;
use serde_json::Value;
use x402::B256;

use super::Check;
use crate::{
    Receipt,
    offer::RngTerms,
    paid::{Facts, Paid},
};

/// What the nonce of a call is derived under, for a draw.
const DRAW_CALL: &str = "rng-channel/v1";
const SUITE: &str = "ECVRF-EDWARDS25519-SHA512-TAI";
const PROOF: &str = "draw-proof";
const LOG: &str = "draw-log";
const BEACON: &str = "draw-beacon";

pub(super) fn checks(receipt: &Receipt) -> Vec<Check> {
    let mut checks = vec![body(receipt)];
    match &receipt.draw {
        Some(draw) => checks.extend(draw_checks(receipt, draw)),
        None if receipt.offer.rng().is_some() => {
            checks.push(Check::failed("draw", "a draw was offered, and the answer is none"));
        }
        None => {}
    }
    checks
}

fn body(receipt: &Receipt) -> Check {
    let (stated, computed) = (receipt.response.body_sha256, receipt.response.body.sha256());
    Check::of("answer", if stated == computed { Ok(computed) } else { Err("the hash is not the body's") })
}

fn draw_checks(receipt: &Receipt, draw: &DrawReceipt) -> Vec<Check> {
    let mut checks = vec![
        Check::of("draw-answer", same_answer(receipt, draw)),
        Check::of("draw-payment", same_payment(receipt, draw)),
        Check::of("draw-request", same_request(receipt, draw)),
    ];
    checks.extend(proof(receipt, draw));
    checks
}

fn same_answer(receipt: &Receipt, draw: &DrawReceipt) -> Result<&'static str, String> {
    let answered = DrawReceipt::from_json(&receipt.response.body.0).map_err(|error| error.to_string())?;
    // The proof of inclusion is added when the log has it; the answer comes before.
    if without_proof(answered) == without_proof(draw.clone()) {
        Ok("the draw is what was answered")
    } else {
        Err("the answer is another draw".to_owned())
    }
}

fn without_proof(mut draw: DrawReceipt) -> DrawReceipt {
    if let Some(log) = &mut draw.log {
        log.proof = None;
    }
    draw
}

/// The payment inside alpha is this one, so the draw was made for it and for no other.
fn same_payment(receipt: &Receipt, draw: &DrawReceipt) -> Result<String, &'static str> {
    let network = receipt.known_network().ok_or("the network is unknown")?;
    let facts = receipt.facts().ok_or("the payment is none for a call")?;
    let (scheme, nonce) = drawn_for(receipt, &facts);
    let same = draw.scheme == scheme
        && draw.chain_id == network.chain_id()
        && draw.asset == network.usdc().address.0
        && draw.payer == facts.payer.0
        && draw.nonce == nonce.0;
    if same { Ok(format!("made for nonce {nonce}")) } else { Err("the draw was made for another payment") }
}

/// The scheme and the nonce that stand in alpha.
fn drawn_for(receipt: &Receipt, facts: &Facts<'_>) -> (Scheme, B256) {
    match (&receipt.payment, &facts.call) {
        (Paid::Exact(payload), _) => (Scheme::Exact, payload.exact().authorization.nonce.0),
        (Paid::Channel(_), Some(call)) => (Scheme::Channel, call.id.nonce(DRAW_CALL, call.base)),
        (Paid::Channel(_), None) => (Scheme::Channel, B256::ZERO),
    }
}

/// The draw answers what was asked in this very request.
fn same_request(receipt: &Receipt, draw: &DrawReceipt) -> Result<String, String> {
    let asked = asked(receipt)?;
    if asked.hash() == draw.request_hash {
        Ok(format!("asked for {}", asked.canonical_json()))
    } else {
        Err("the draw answers another request".to_owned())
    }
}

/// What the HTTP request asks for: the body of a POST, the query of a GET.
fn asked(receipt: &Receipt) -> Result<DrawRequest, String> {
    if receipt.request.method == "POST" {
        return DrawRequest::from_json(&receipt.request.body.0).map_err(|error| error.to_string());
    }
    let (_, query) = receipt.request.target.split_once('?').unwrap_or_default();
    DrawRequest::from_query_string(query).map_err(|error| error.to_string())
}

/// The VRF proof under the key, and the promise of the log, that the offer named before anything was paid.
fn proof(receipt: &Receipt, draw: &DrawReceipt) -> Vec<Check> {
    let Some(terms) = receipt.offer.rng() else {
        return match draw.verify(None) {
            Ok(_) => vec![Check::not_checked(PROOF, "consistent in itself, but the offer named no key")],
            Err(error) => vec![Check::failed(PROOF, error)],
        };
    };
    match under(terms, draw) {
        Ok(verified) => {
            let proof = Check::passed(PROOF, format_args!("values follow from key {}", verified.key()));
            vec![proof, beacon(&verified), logged(verified.logged())]
        }
        Err(error) => vec![Check::failed(PROOF, error)],
    }
}

/// The draw, made in the epoch and with the key of the offer.
fn under(terms: &Value, draw: &DrawReceipt) -> Result<VerifiedDraw, String> {
    let terms = RngTerms::deserialize(terms).map_err(|error| format!("the offer's key: {error}"))?;
    if terms.epoch != draw.epoch {
        return Err(format!("drawn in epoch {}, offered in {}", draw.epoch, terms.epoch));
    }
    draw.verify_with(&trust(terms)?).map_err(|error| error.to_string())
}

fn trust(terms: RngTerms) -> Result<Trust, String> {
    if terms.suite != SUITE {
        return Err(format!("the suite {} is unknown", terms.suite));
    }
    let log = terms.log.map(|log| LogKey::new(&log.origin, log.public_key)).transpose();
    Ok(Trust {
        key: Some(PublicKey::from_bytes(terms.public_key).map_err(|error| error.to_string())?),
        log: log.map_err(|error| error.to_string())?,
        checkpoint: None,
    })
}

fn logged(logged: &Logged) -> Check {
    match logged {
        Logged::No => Check::not_checked(LOG, "the seller keeps no log"),
        Logged::Promised { include_by, .. } => Check::not_checked(
            LOG,
            format_args!(
                "promised by {}; get the proof when it is there",
                humantime::format_rfc3339(UNIX_EPOCH + Duration::from_secs(*include_by))
            ),
        ),
        Logged::Included { index, checkpoint, .. } => {
            Check::passed(LOG, format_args!("entry {index} of {}", checkpoint.size))
        }
    }
}

fn beacon(verified: &VerifiedDraw) -> Check {
    match verified.input().mode {
        Mode::Beacon(beacon) => Check::passed(
            BEACON,
            format_args!("round {} of quicknet, accepted before it by the operator's clock", beacon.round),
        ),
        _ => Check::not_checked(BEACON, "an instant draw: the operator knew the outcome first"),
    }
}
