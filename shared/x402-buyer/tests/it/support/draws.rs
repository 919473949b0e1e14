use std::sync::Arc;

use axum::{body::Body, response::Response};
use draw::{Binding, Commitment, DrawInput, DrawReceipt, DrawRequest, Mode, Scheme, SecretKey};
use serde_json::json;
use x402::{B256, Network, PaymentRequirements};

use super::{Call, Seller, offer, seller::settled_in};

/// The day of every draw.
pub(crate) const EPOCH: u32 = 20_000;

/// A seller of verifiable draws, whose payments are not settled.
pub(crate) async fn draw_seller() -> Seller {
    let key = Arc::new(SecretKey::from_seed(&[7; 32]));
    Seller::selling(draw_offer(&key), move |call| {
        let answer = settled_in(B256::repeat_byte(0x7a), draw_for(&key, &call));
        std::future::ready(answer)
    })
    .await
}

/// The offer names the key before anything is paid.
pub(crate) fn draw_offer(key: &SecretKey) -> PaymentRequirements {
    let mut offer = offer();
    let rng = json!({ "epoch": EPOCH, "publicKey": key.public_key().to_string(), "suite": "ECVRF-EDWARDS25519-SHA512-TAI" });
    offer.extra.as_mut().unwrap().insert("rng".to_owned(), rng);
    offer
}

/// The draw that this payment and request determine.
fn draw_for(key: &SecretKey, call: &Call) -> Body {
    let usdc = Network::BaseSepolia.usdc();
    let authorization = call.payment().exact().unwrap().authorization;
    let input = DrawInput {
        epoch: EPOCH,
        scheme: Scheme::Exact,
        chain_id: usdc.chain_id,
        asset: usdc.address.into(),
        payer: authorization.from.into(),
        nonce: authorization.nonce.0.into(),
        mode: Mode::Instant,
    };
    let query: Vec<_> = call
        .target
        .split_once('?')
        .map(|(_, query)| query)
        .into_iter()
        .flat_map(|query| query.split('&'))
        .collect();
    let request = match call.method.as_str() {
        "POST" => DrawRequest::from_json(&call.body).unwrap(),
        _ => DrawRequest::from_query(query.iter().filter_map(|pair| pair.split_once('='))).unwrap(),
    };
    let mut receipt = DrawReceipt::draw(key, &input, request).unwrap();
    receipt.binding = binding(call);
    serde_json::to_vec(&receipt).unwrap().into()
}

/// What opens the nonce of a bound payment.
fn binding(call: &Call) -> Binding {
    let payment = call.payment();
    let nonce = payment.exact().unwrap().authorization.nonce;
    match x402::Binding::check(nonce, payment.extensions.as_ref(), call.hash()).unwrap() {
        x402::Binding::Plain => Binding::Plain,
        x402::Binding::Bound(salt) => Binding::Commit(Commitment {
            preimage: call.parts().preimage(),
            body: String::from_utf8(call.body.to_vec()).unwrap(),
            salt: salt.0.into(),
        }),
    }
}

/// The answer of a seller who draws with another key than it offered.
pub(crate) fn forged_draw(call: &Call) -> Response {
    settled_in(B256::repeat_byte(0x7a), draw_for(&SecretKey::from_seed(&[8; 32]), call))
}
