//! The answer: that it is the one received, and where it is a draw, that nobody chose the values.

use draw::{DrawReceipt, DrawRequest, PublicKey, Scheme};
use serde::Deserialize;
use x402::{EXACT, ExactPayload, Network};

use super::Check;
use crate::{Receipt, offer::RngTerms};

const SUITE: &str = "ECVRF-EDWARDS25519-SHA512-TAI";

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

fn draw_checks(receipt: &Receipt, draw: &DrawReceipt) -> [Check; 4] {
    [
        Check::of("draw-answer", same_answer(receipt, draw)),
        Check::of("draw-payment", same_payment(receipt, draw)),
        Check::of("draw-request", same_request(receipt, draw)),
        proof(receipt, draw),
    ]
}

fn same_answer(receipt: &Receipt, draw: &DrawReceipt) -> Result<&'static str, String> {
    let answered = DrawReceipt::from_json(&receipt.response.body.0).map_err(|error| error.to_string())?;
    if answered == *draw {
        Ok("the draw is what was answered")
    } else {
        Err("the answer is another draw".to_owned())
    }
}

/// The payment inside alpha is this one, so the draw was made for it and for no other.
fn same_payment(receipt: &Receipt, draw: &DrawReceipt) -> Result<String, &'static str> {
    let network = receipt.known_network().ok_or("the network is unknown")?;
    let exact = receipt.payment.exact();
    let matches = draw.scheme == Scheme::Exact
        && receipt.offer.requirements.scheme == EXACT
        && draw.chain_id == network.chain_id()
        && matches_payment(draw, exact, network);
    if matches {
        Ok(format!("made for nonce {}", exact.authorization.nonce))
    } else {
        Err("the draw was made for another payment")
    }
}

fn matches_payment(draw: &DrawReceipt, exact: &ExactPayload, network: Network) -> bool {
    let authorization = &exact.authorization;
    draw.asset == network.usdc().address.0
        && draw.payer == authorization.from.0
        && draw.nonce == authorization.nonce.0.0
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

/// The VRF proof, under the key that the offer named before anything was paid, and the values that follow from it.
fn proof(receipt: &Receipt, draw: &DrawReceipt) -> Check {
    const NAME: &str = "draw-proof";
    let Some(terms) = receipt.offer.rng() else {
        return match draw.verify(None) {
            Ok(_) => Check::not_checked(NAME, "consistent in itself, but the offer named no key"),
            Err(error) => Check::failed(NAME, error),
        };
    };
    let verified =
        RngTerms::deserialize(terms).map_err(|error| format!("the offer's key: {error}")).and_then(|terms| {
            if terms.suite != SUITE {
                return Err(format!("the suite {} is unknown", terms.suite));
            }
            let key = PublicKey::from_bytes(terms.public_key).map_err(|error| error.to_string())?;
            draw.verify(Some(&key)).map_err(|error| error.to_string())
        });
    Check::of(NAME, verified.map(|verified| format!("values follow from key {}", verified.key())))
}
