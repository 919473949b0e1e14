use axum::{body::Body, extract::OriginalUri};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue,
    header::{ACCEPT, CONNECTION, CONTENT_TYPE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
    request::Parts,
    uri::PathAndQuery,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Deserialize, Serialize};
use x402::{BindSalt, Binding, RequestHash, RequestParts};

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
pub(crate) fn request_hash(parts: &Parts, body: &[u8], origin: &str) -> Result<RequestHash, Refusal> {
    Ok(RequestParts {
        method: parts.method.as_str(),
        origin,
        target: target(parts),
        body,
        content_type: one(parts, &CONTENT_TYPE)?,
        accept: one(parts, &ACCEPT)?,
    }
    .hash())
}

/// Path and query as the client sent them, also where a router has cut a prefix off.
fn target(parts: &Parts) -> &str {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    uri.path_and_query().map_or("/", PathAndQuery::as_str)
}

/// A header that is part of the hash. Two of them, or bytes that are no text, could mean one thing here and another there.
fn one<'p>(parts: &'p Parts, name: &HeaderName) -> Result<&'p str, Refusal> {
    let mut values = parts.headers.get_all(name).iter();
    let value = values.next().map_or(Ok(""), HeaderValue::to_str);
    match (value, values.next()) {
        (Ok(value), None) => Ok(value),
        _ => Err(Refusal::Malformed(format!("a paid request has one {name} of visible ASCII"))),
    }
}

/// A request as the ledger keeps it, so that a restart can do the work that was paid for.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedRequest {
    method: String,
    target: String,
    /// Names and values, the values in hexadecimal: they need not be text.
    headers: Vec<(String, String)>,
    body: String,
    salt: Option<BindSalt>,
}

/// A request that was saved, as it came in.
pub(crate) struct Restored {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    pub(crate) binding: Binding,
}

/// Headers of one connection, which mean nothing to a later run.
const HOP_BY_HOP: [HeaderName; 5] = [CONNECTION, TRANSFER_ENCODING, UPGRADE, TRAILER, TE];

impl SavedRequest {
    pub(crate) fn encode(parts: &Parts, body: &[u8], binding: Binding) -> Option<Vec<u8>> {
        let kept = parts.headers.iter().filter(|(name, _)| !HOP_BY_HOP.contains(name));
        let saved = Self {
            method: parts.method.to_string(),
            target: target(parts).to_owned(),
            headers: kept.map(|(name, value)| (name.to_string(), hex::encode(value))).collect(),
            body: hex::encode(body),
            salt: match binding {
                Binding::Bound(salt) => Some(salt),
                Binding::Plain => None,
            },
        };
        serde_json::to_vec(&saved).ok()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Restored> {
        let saved: Self = serde_json::from_slice(bytes).ok()?;
        let mut request =
            http::Request::builder().method(saved.method.as_str()).uri(&saved.target).body(()).ok()?;
        for (name, value) in saved.headers {
            let value = HeaderValue::from_bytes(&hex::decode(value).ok()?).ok()?;
            request.headers_mut().append(HeaderName::try_from(name).ok()?, value);
        }
        Some(Restored {
            parts: request.into_parts().0,
            body: hex::decode(saved.body).ok()?.into(),
            binding: saved.salt.map_or(Binding::Plain, Binding::Bound),
        })
    }
}
