//! The draws: a pure function of the payment, the request and the key.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode, request::Parts},
};
use bytes::Bytes;
use draw::{
    DrawInput, DrawReceipt, DrawRequest, Mode, QueryError, RequestError, Scheme, SecretKey, Source, VrfError,
};
use service_kit::{Payment, Problem};

use crate::documents::Key;

const MS_PER_DAY: u64 = 86_400_000;

/// Why there is no draw.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RandomError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Body(#[from] RequestError),
    #[error("a draw is asked for by query or by body, not by both")]
    Both,
    #[error("no beacon is configured here: leave `mode` out for an instant draw")]
    NoBeacon,
    #[error("epoch {0} is not today's, whose key the offer names: ask for a new offer")]
    OtherEpoch(u32),
    #[error(transparent)]
    Vrf(#[from] VrfError),
}

/// `GET` and `POST /v1/random`. Run again for the same payment, it draws the same.
pub(crate) async fn draw(
    State(key): State<Arc<SecretKey>>,
    payment: Payment,
    parts: Parts,
    body: Bytes,
) -> Result<Json<DrawReceipt>, Problem> {
    let request = request(&parts, &body)?;
    let receipt = DrawReceipt::draw(&key, &input(&payment, &request), request).map_err(RandomError::from)?;
    Ok(Json(receipt))
}

/// Refuses what could never be drawn, before any money moves.
pub(crate) fn check(parts: &Parts, body: &Bytes) -> Result<(), Problem> {
    let request = request(parts, body)?;
    if request.mode() == Source::Beacon {
        return Err(RandomError::NoBeacon.into());
    }
    match request.epoch() {
        Some(epoch) if epoch != today() => Err(RandomError::OtherEpoch(epoch).into()),
        _ => Ok(()),
    }
}

/// `GET /v1/key`.
pub(crate) async fn public_key(State(key): State<Arc<SecretKey>>) -> Json<Key> {
    Json(Key::of(key.public_key()))
}

fn request(parts: &Parts, body: &[u8]) -> Result<DrawRequest, RandomError> {
    let query = parts.uri.query().unwrap_or_default();
    if parts.method == Method::POST {
        return if query.is_empty() { Ok(DrawRequest::from_json(body)?) } else { Err(RandomError::Both) };
    }
    if !body.is_empty() {
        return Err(RandomError::Both);
    }
    Ok(DrawRequest::from_query_string(query)?)
}

/// The day that was asked for, or that of the claim, not of the run: a run after a restart must draw the same.
fn input(payment: &Payment, request: &DrawRequest) -> DrawInput {
    let key = &payment.key;
    DrawInput {
        epoch: request.epoch().unwrap_or_else(|| day(payment.claimed_at_ms)),
        scheme: Scheme::Exact,
        chain_id: key.chain_id,
        asset: key.asset.into_array(),
        payer: key.payer.into_array(),
        nonce: key.nonce.0.0,
        mode: Mode::Instant,
    }
}

fn today() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    day(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}

fn day(epoch_ms: u64) -> u32 {
    u32::try_from(epoch_ms / MS_PER_DAY).unwrap_or(u32::MAX)
}

impl From<RandomError> for Problem {
    fn from(error: RandomError) -> Self {
        match error {
            RandomError::Vrf(error) => Self::internal(error),
            refused => Self::new(StatusCode::BAD_REQUEST, "invalid_draw", refused.to_string()),
        }
    }
}
