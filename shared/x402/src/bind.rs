use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Extensions, PaymentNonce, RequestHash, ecdsa::tagged_keccak};

/// The extension that carries the salt of a bound payment: `extensions["x402-bind"].info.salt`.
pub const BIND_EXTENSION: &str = "x402-bind";

const PREFIX: [u8; 4] = *b"x4b1";

/// 32 random bytes that tie a nonce to a request. Never on chain, so whoever shows it is who paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BindSalt(pub B256);

/// Whether a payment names the request it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// A stock client's random nonce: the first request that shows the payment decides.
    Plain,
    /// The nonce commits to the request; this salt opens the commitment.
    Bound(BindSalt),
}

/// Why a nonce that claims to be bound is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// The nonce has the prefix of a bound one, and the payment carries no salt.
    #[error("the nonce is bound to a request, and the payment carries no salt")]
    NoSalt,
    /// The salt is not 32 bytes of hexadecimal.
    #[error("the salt is not 32 bytes")]
    BadSalt,
    /// The nonce was made for another request.
    #[error("the payment is bound to another request")]
    OtherRequest,
}

impl BindSalt {
    /// The nonce that only `request` may use: `"x4b1" || keccak256("x402-bind/v1" || requestHash || salt)[..28]`.
    #[must_use]
    pub fn nonce(&self, request: RequestHash) -> PaymentNonce {
        let digest = tagged_keccak(&[b"x402-bind/v1", request.0.as_slice(), self.0.as_slice()]);
        let mut nonce = [0u8; 32];
        nonce[..4].copy_from_slice(&PREFIX);
        nonce[4..].copy_from_slice(&digest[..28]);
        PaymentNonce(nonce.into())
    }

    /// Puts the salt where the seller looks for it.
    pub fn attach(&self, extensions: &mut Extensions) {
        let value = json!({ "info": { "salt": self.0 }, "schema": {} });
        extensions.insert(BIND_EXTENSION.to_owned(), value);
    }
}

impl Binding {
    /// Checks a payment's nonce against the request that carries it.
    ///
    /// A nonce with the bound prefix and no matching salt is refused, so that binding cannot be stripped.
    ///
    /// # Errors
    /// [`BindingError`] when the nonce claims a binding that does not hold.
    pub fn check(
        nonce: PaymentNonce,
        extensions: Option<&Extensions>,
        request: RequestHash,
    ) -> Result<Self, BindingError> {
        if nonce.0[..4] != PREFIX {
            return Ok(Self::Plain);
        }
        let value =
            extensions.and_then(|extensions| extensions.get(BIND_EXTENSION)).ok_or(BindingError::NoSalt)?;
        let salt = value.pointer("/info/salt").ok_or(BindingError::NoSalt)?;
        let salt = BindSalt::deserialize(salt).map_err(|_| BindingError::BadSalt)?;
        if salt.nonce(request) != nonce {
            return Err(BindingError::OtherRequest);
        }
        Ok(Self::Bound(salt))
    }
}
