//! The draws: a pure function of the payment, the request and the key.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode, request::Parts},
};
use bytes::Bytes;
use draw::{
    DrawInput, DrawReceipt, DrawRequest, Mode, QueryError, RequestError, Scheme, SecretKey, VrfError,
};
use service_kit::{Payment, Problem};
use url::form_urlencoded;

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
    let receipt = DrawReceipt::draw(&key, &input(&payment), request).map_err(RandomError::from)?;
    Ok(Json(receipt))
}

/// Refuses what could never be drawn, before any money moves.
pub(crate) fn check(parts: &Parts, body: &Bytes) -> Result<(), Problem> {
    request(parts, body)?;
    Ok(())
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
    let parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let parameters = parameters.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    Ok(DrawRequest::from_query(parameters)?)
}

/// The day of the claim, not of the run: a run after a restart must draw the same.
fn input(payment: &Payment) -> DrawInput {
    let key = &payment.key;
    DrawInput {
        epoch: u32::try_from(payment.claimed_at_ms / MS_PER_DAY).unwrap_or(u32::MAX),
        scheme: Scheme::Exact,
        chain_id: key.chain_id,
        asset: key.asset.into_array(),
        payer: key.payer.into_array(),
        nonce: key.nonce.0.0,
        mode: Mode::Instant,
    }
}

impl From<RandomError> for Problem {
    fn from(error: RandomError) -> Self {
        match error {
            RandomError::Vrf(error) => Self::internal(error),
            refused => Self::new(StatusCode::BAD_REQUEST, "invalid_draw", refused.to_string()),
        }
    }
}
