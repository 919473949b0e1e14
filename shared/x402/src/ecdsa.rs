use std::{fmt, str::FromStr};

use alloy_primitives::{Address, B256, Bytes, keccak256};
use secp256k1::{
    Message, PublicKey, SecretKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use zeroize::Zeroizing;

/// A secp256k1 private key that signs payments. Its `Debug` shows the address, never the key.
#[derive(Clone)]
pub struct SigningKey {
    secret: SecretKey,
    address: Address,
}

/// Why a signature is refused. The token contract would refuse it for the same reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// An externally owned account signs with exactly 65 bytes: r, s, v.
    #[error("a signature has 65 bytes, this one {0}")]
    Length(usize),
    /// The last byte is 27 or 28.
    #[error("the recovery byte is 27 or 28, not {0}")]
    RecoveryByte(u8),
    /// s lies in the upper half of the group order (EIP-2), a malleable twin of a valid signature.
    #[error("s is in the upper half of the group order")]
    HighS,
    /// No public key fits.
    #[error("the signature recovers to no key")]
    Unrecoverable,
    /// The bytes are not a private key: zero, or not below the group order, or not 32 bytes of hexadecimal.
    #[error("not a secp256k1 private key")]
    InvalidKey,
}

const SIGNATURE_BYTES: usize = 65;
const V_OFFSET: u8 = 27;

impl SigningKey {
    /// A key from its 32 bytes, big endian.
    ///
    /// # Errors
    /// [`SignatureError::InvalidKey`] for zero or a number not below the group order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SignatureError> {
        let secret = SecretKey::from_secret_bytes(*bytes).map_err(|_| SignatureError::InvalidKey)?;
        let address = address_of(&PublicKey::from_secret_key(&secret));
        Ok(Self { secret, address })
    }

    /// The account that this key controls.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The key's 32 bytes, wiped when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_secret_bytes())
    }

    /// Signs a 32-byte digest: r || s || v with low s and v 27 or 28, deterministic by RFC 6979.
    #[must_use]
    pub fn sign(&self, digest: B256) -> Bytes {
        let message = Message::from_digest(digest.0);
        let (id, compact) =
            RecoverableSignature::sign_ecdsa_recoverable(message, &self.secret).serialize_compact();
        let mut signature = compact.to_vec();
        signature.push(V_OFFSET + u8::from(id));
        signature.into()
    }
}

/// Reads 64 hexadecimal digits, with or without `0x`.
impl FromStr for SigningKey {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        let digits = text.trim();
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        hex::decode_to_slice(digits, bytes.as_mut()).map_err(|_| SignatureError::InvalidKey)?;
        Self::from_bytes(&bytes)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The account that signed `digest`, by libsecp256k1. As strict as the token: 65 bytes, v 27 or 28, low s.
///
/// # Errors
/// [`SignatureError`] naming what is wrong with the signature.
pub fn recover(digest: B256, signature: &[u8]) -> Result<Address, SignatureError> {
    let bytes: &[u8; SIGNATURE_BYTES] =
        signature.try_into().map_err(|_| SignatureError::Length(signature.len()))?;
    let [compact @ .., v] = bytes;
    let id = match v {
        27 => RecoveryId::Zero,
        28 => RecoveryId::One,
        other => return Err(SignatureError::RecoveryByte(*other)),
    };
    let signature =
        RecoverableSignature::from_compact(compact, id).map_err(|_| SignatureError::Unrecoverable)?;
    let standard = signature.to_standard();
    let mut low = standard;
    low.normalize_s();
    if low != standard {
        return Err(SignatureError::HighS);
    }
    let key = signature.recover(Message::from_digest(digest.0)).map_err(|_| SignatureError::Unrecoverable)?;
    Ok(address_of(&key))
}

fn address_of(key: &PublicKey) -> Address {
    Address::from_raw_public_key(&key.serialize_uncompressed()[1..])
}

/// The digest that makes a text a 32-byte key of a map or a domain tag.
pub(crate) fn tagged_keccak(parts: &[&[u8]]) -> B256 {
    keccak256(parts.concat())
}
