use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Deserialize, Serialize};
use x402::{RequestHash, RequestParts};

use crate::refusal::Refusal;

/// Reads a whole body, within a cap.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge(limit)),
        Err(_) => Err(Refusal::BrokenBody),
    }
}

/// The hash that binds a payment to this request (see [`x402::RequestParts`]).
pub(crate) fn request_hash(parts: &Parts, body: &[u8], origin: &str) -> RequestHash {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    RequestParts {
        method: parts.method.as_str(),
        origin,
        target,
        body,
        content_type: text(http::header::CONTENT_TYPE),
        accept: text(http::header::ACCEPT),
    }
    .hash()
}

/// A request as the ledger keeps it, so that a restart can do the work that was paid for.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedRequest {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// Headers that shape an answer. Credentials of the connection and the payment itself are not kept.
const KEPT: [http::HeaderName; 3] =
    [http::header::CONTENT_TYPE, http::header::ACCEPT, http::header::ACCEPT_LANGUAGE];

impl SavedRequest {
    pub(crate) fn encode(parts: &Parts, body: &[u8]) -> Option<Vec<u8>> {
        let kept = KEPT.iter().filter_map(|name| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some((name.to_string(), value.to_owned()))
        });
        let saved = Self {
            method: parts.method.to_string(),
            target: parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
            headers: kept.collect(),
            body: hex::encode(body),
        };
        serde_json::to_vec(&saved).ok()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<(Parts, Bytes)> {
        let saved: Self = serde_json::from_slice(bytes).ok()?;
        let mut request =
            http::Request::builder().method(saved.method.as_str()).uri(&saved.target).body(()).ok()?;
        let headers: &mut HeaderMap = request.headers_mut();
        for (name, value) in saved.headers {
            headers.insert(http::HeaderName::try_from(name).ok()?, value.try_into().ok()?);
        }
        Some((request.into_parts().0, hex::decode(saved.body).ok()?.into()))
    }
}
