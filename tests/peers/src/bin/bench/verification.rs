//! What it costs to check a payment without asking anybody.

use std::{hint::black_box, time::Instant};

use alloy_primitives::Signature;
use anyhow::ensure;
use x402::{
    Address, ExactPayload, Network, PaymentPayload, PaymentRequirements, SigningKey, Usdc, decode_header,
    encode_header,
};

use crate::{
    data::{Row, Table},
    section::Bench,
};

/// Payments that are checked in each round, all different.
const PAYMENTS: usize = 500;
const KEY: [u8; 32] = [7; 32];

pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let key = SigningKey::from_bytes(&KEY)?;
    let price = Usdc::from_atomic(peers::PRICE);
    let offer = PaymentRequirements::exact(Network::BaseSepolia, price, Address::repeat_byte(1), 60);
    let header = |_| peers::payment::header(&key, &offer);
    let headers: Vec<_> = (0..PAYMENTS).map(header).collect::<Result<_, _>>()?;
    let payments: Vec<_> = headers.iter().map(|header| read(header)).collect::<Result<_, _>>()?;
    ensure!(payments.iter().all(|payment| by_ours(payment) && by_k256(payment)), "both accept every payment");
    ensure!(headers.iter().all(|header| whole(header, &offer)), "the whole check accepts every payment");

    let (mut ours, mut k256, mut full) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        ours.push(microseconds(&payments, by_ours));
        k256.push(microseconds(&payments, by_k256));
        full.push(microseconds(&headers, |header| whole(header, &offer)));
    }
    let row = |what, ours: &[f64]| Row::new(what, "µs", ours).beside("k256, as in alloy and x402-rs", &k256);
    let rows = [
        row("EIP-712 hash, recovery, comparison", &ours),
        row("the same with base64, JSON and terms before it", &full),
    ];
    Ok(vec![Table::new("", rows)])
}

fn microseconds<T>(items: &[T], check: impl Fn(&T) -> bool) -> f64 {
    let began = Instant::now();
    for item in items {
        black_box(check(black_box(item)));
    }
    began.elapsed().as_secs_f64() * 1e6 / items.len() as f64
}

fn by_ours(payment: &ExactPayload) -> bool {
    payment.recover(&Network::BaseSepolia.usdc()) == Ok(payment.authorization.from)
}

fn by_k256(payment: &ExactPayload) -> bool {
    let hash = payment.authorization.signing_hash(&Network::BaseSepolia.usdc());
    let signature = Signature::from_raw(&payment.signature);
    let signer = signature.and_then(|signature| signature.recover_address_from_prehash(&hash));
    signer.is_ok_and(|signer| signer == payment.authorization.from)
}

/// From the header as it comes to a verdict.
fn whole(header: &str, offer: &PaymentRequirements) -> bool {
    let Ok(payment) = decode_header::<PaymentPayload>(header.as_bytes()) else { return false };
    let Ok(exact) = payment.exact() else { return false };
    let terms = (exact.authorization.to, exact.authorization.value) == (offer.pay_to, offer.amount);
    payment.accepted == *offer && terms && by_ours(&exact)
}

fn read(header: &str) -> anyhow::Result<ExactPayload> {
    let payment: PaymentPayload = decode_header(header.as_bytes())?;
    let exact = payment.exact()?;
    ensure!(encode_header(&payment)? == *header, "a header is read whole");
    Ok(exact)
}
