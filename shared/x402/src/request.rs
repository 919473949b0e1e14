use std::fmt;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Which request a payment is for: SHA-256 over a short text of everything that decides the answer.
///
/// `"x402-req/v1\n" METHOD "\n" origin "\n" path?query "\n" hex(SHA-256(body)) "\n" Content-Type "\n" Accept`,
/// each line empty where the request has no such part. Buyer and seller compute it apart and must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestHash(pub B256);

/// The parts of an HTTP request that a payment is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestParts<'a> {
    /// Upper-case method.
    pub method: &'a str,
    /// The seller's public origin, scheme and authority without a trailing slash: `https://api.example.com`.
    pub origin: &'a str,
    /// Path and query as on the request line.
    pub target: &'a str,
    /// The body as sent, after no decoding.
    pub body: &'a [u8],
    /// `Content-Type` as sent, or empty.
    pub content_type: &'a str,
    /// `Accept` as sent, or empty.
    pub accept: &'a str,
}

impl RequestParts<'_> {
    /// The text whose hash names the request; the part a receipt quotes to prove what was asked.
    #[must_use]
    pub fn preimage(&self) -> String {
        let Self { method, origin, target, body, content_type, accept } = self;
        let body = hex::encode(Sha256::digest(body));
        format!("x402-req/v1\n{method}\n{origin}\n{target}\n{body}\n{content_type}\n{accept}")
    }

    /// The request's hash.
    #[must_use]
    pub fn hash(&self) -> RequestHash {
        RequestHash(B256::from_slice(&Sha256::digest(self.preimage())))
    }
}

impl fmt::Display for RequestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
