//! Payments signed by one buyer for every seller, so that only the sellers differ.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use x402::{
    Accept, Authorization, Network, PAYMENT_REQUIRED, PaymentNonce, PaymentPayload, PaymentRequired,
    PaymentRequirements, SigningKey, decode_header, encode_header,
};

/// How much longer than offered a payment is valid, so that a whole round can be signed before it begins, in seconds.
const AHEAD: u64 = 120;
/// How far back a window begins, as stock clients have it, in seconds.
const BACK: u64 = 600;

/// Asks for the price of a `GET`.
///
/// # Errors
/// When it is not for sale in version 2.
pub async fn offer(http: &reqwest::Client, url: &str) -> anyhow::Result<PaymentRequirements> {
    offer_for(http.get(url)).await
}

/// Asks for the price of a request.
///
/// # Errors
/// As [`offer`].
pub async fn offer_for(request: reqwest::RequestBuilder) -> anyhow::Result<PaymentRequirements> {
    let answer = request.send().await?;
    ensure!(answer.status() == 402, "{} answers {} without a payment", answer.url(), answer.status());
    let header = answer.headers().get(PAYMENT_REQUIRED).context("no offer in the header")?;
    let offer: PaymentRequired = decode_header(header.as_bytes())?;
    offer.accepts.iter().find_map(Accept::evm).cloned().context("no offer that can be paid")
}

/// A payment with a random nonce.
///
/// # Errors
/// When the system has no entropy.
pub fn payment(key: &SigningKey, offer: &PaymentRequirements) -> anyhow::Result<PaymentPayload> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let mut nonce = [0u8; 32];
    getrandom::fill(&mut nonce)?;
    let authorization = Authorization {
        from: key.address(),
        to: offer.pay_to,
        value: offer.amount,
        valid_after: now - BACK,
        valid_before: now + offer.max_timeout_seconds + AHEAD,
        nonce: PaymentNonce(nonce.into()),
    };
    Ok(PaymentPayload {
        x402_version: 2,
        resource: None,
        accepted: offer.clone(),
        payload: serde_json::to_value(authorization.sign(&Network::BaseSepolia.usdc(), key))?,
        extensions: None,
    })
}

/// The header of a payment.
///
/// # Errors
/// As [`payment`].
pub fn header(key: &SigningKey, offer: &PaymentRequirements) -> anyhow::Result<String> {
    Ok(encode_header(&payment(key, offer)?)?)
}
