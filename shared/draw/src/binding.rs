//! What a payment's nonce is tied to: the request that it pays for (`x402-bind/v1`), or the call of a channel.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sha3::Keccak256;

use crate::{DrawRequest, QueryError, RequestError, Scheme, decimal, hex_bytes};

/// What a bound nonce starts with.
const PREFIX: [u8; 4] = *b"x4b1";
/// What the nonce of a call from a channel is derived under.
const CHANNEL: &[u8] = b"rng-channel/v1";

/// What the payment's nonce is tied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Binding {
    /// Not at all: the nonce is any number of the payer's, and only alpha joins it to the request.
    Plain,
    /// The nonce commits to the HTTP request: the payer fixed it when signing.
    Commit(Commitment),
    /// The nonce names a call of a channel, and there is one call of that name.
    Channel(Call),
}

/// A call that was paid from a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Call {
    /// The channel.
    #[serde(with = "hex_bytes")]
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{64}$"))]
    pub channel_id: [u8; 32],
    /// What the channel was charged before, in units of the token.
    #[serde(with = "decimal")]
    #[schemars(with = "decimal::Decimal")]
    pub base: u64,
}

/// What opens the commitment of a bound nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Commitment {
    /// The text whose SHA-256 the nonce commits to: `x402-req/v1`, method, origin, path and query, hex of the body's
    /// SHA-256, `Content-Type` and `Accept`, on a line each.
    pub preimage: String,
    /// The body as it was sent; empty for a GET.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The payer's salt.
    #[serde(with = "hex_bytes")]
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{64}$"))]
    pub salt: [u8; 32],
}

/// Why a binding is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindingError {
    /// The nonce is bound, and what would open it is left out.
    #[error("the nonce claims to be bound to a request, the receipt calls it plain")]
    Stripped,
    /// The payment is from a channel and its call is left out, or the other way around.
    #[error("the scheme and the binding are not of one payment")]
    OtherScheme,
    /// The nonce is another one.
    #[error("the nonce is not the one that this binding gives")]
    OtherNonce,
    /// The text is not of the form of a request.
    #[error("the preimage is not that of an HTTP request")]
    Preimage,
    /// The body is not the one that the text names.
    #[error("the body is not the one that the preimage names")]
    Body,
    /// The query asks for no draw.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The body asks for no draw.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Another draw was paid for.
    #[error("the HTTP request asked for another draw")]
    OtherDraw,
}

impl Binding {
    /// Recomputes the nonce from what opens it or names the call, and the draw request from the HTTP request.
    ///
    /// # Errors
    /// [`BindingError`], whatever differs first.
    pub fn verify(
        &self,
        scheme: Scheme,
        nonce: &[u8; 32],
        request: &DrawRequest,
    ) -> Result<(), BindingError> {
        match (scheme, self) {
            (Scheme::Exact, Self::Plain) if nonce.starts_with(&PREFIX) => Err(BindingError::Stripped),
            (Scheme::Exact, Self::Plain) => Ok(()),
            (Scheme::Exact, Self::Commit(commitment)) => commitment.verify(nonce, request),
            (Scheme::Channel, Self::Channel(call)) if call.nonce() == *nonce => Ok(()),
            (Scheme::Channel, Self::Channel(_)) => Err(BindingError::OtherNonce),
            _ => Err(BindingError::OtherScheme),
        }
    }
}

impl Call {
    /// What stands in alpha for the call: keccak256 over `rng-channel/v1`, the channel and the base as 16 bytes.
    pub fn nonce(&self) -> [u8; 32] {
        let base = u128::from(self.base).to_be_bytes();
        let digest = Keccak256::new_with_prefix(CHANNEL).chain_update(self.channel_id).chain_update(base);
        digest.finalize().into()
    }
}

impl Commitment {
    fn verify(&self, nonce: &[u8; 32], request: &DrawRequest) -> Result<(), BindingError> {
        if self.nonce() != *nonce {
            return Err(BindingError::OtherNonce);
        }
        if self.asked()?.hash() == request.hash() { Ok(()) } else { Err(BindingError::OtherDraw) }
    }

    /// `x4b1`, and 28 bytes of keccak256 over `x402-bind/v1`, the request's hash and the salt.
    fn nonce(&self) -> [u8; 32] {
        let request = Sha256::digest(&self.preimage);
        let digest =
            Keccak256::new_with_prefix(b"x402-bind/v1").chain_update(request).chain_update(self.salt);
        let mut nonce = [0; 32];
        nonce[..4].copy_from_slice(&PREFIX);
        nonce[4..].copy_from_slice(&digest.finalize()[..28]);
        nonce
    }

    fn asked(&self) -> Result<DrawRequest, BindingError> {
        let lines: Vec<_> = self.preimage.split('\n').collect();
        let ["x402-req/v1", method, _, target, body, _, _] = lines[..] else {
            return Err(BindingError::Preimage);
        };
        if hex::encode(Sha256::digest(&self.body)) != body {
            return Err(BindingError::Body);
        }
        let query = target.split_once('?').map(|(_, query)| query).unwrap_or_default();
        Ok(match method {
            "POST" => DrawRequest::from_json(self.body.as_bytes())?,
            _ => DrawRequest::from_query_string(query)?,
        })
    }
}
