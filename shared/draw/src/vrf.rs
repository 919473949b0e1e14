//! The verifiable random function: ECVRF-EDWARDS25519-SHA512-TAI, suite 0x03 of RFC 9381, held strictly.
//!
//! Strict means that what the RFC asks of a verifier is done, not assumed: the key is fully validated (section
//! 5.4.5), points have one encoding (RFC 8032 section 5.1.3), and `s` is below the group order (section 5.4.4).
//! A public key and an alpha have one [`Beta`], whatever the key's owner tries, and a `Beta` exists only where it
//! was proven or verified.

use std::fmt;

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use curve25519_dalek::traits::VartimeMultiscalarMul;
use zeroize::{Zeroize, Zeroizing};

use crate::hex_bytes;

mod proof;
mod suite;

pub use proof::{Beta, Proof};
use suite::{challenge, decode_point, encode_to_curve, first, hash, scalar_of};

/// Why a key or a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VrfError {
    /// The key is not the one canonical encoding of a point on the curve.
    #[error("the public key is not a canonically encoded point")]
    InvalidKey,
    /// The key has an order of 8 or less: its outputs would not depend on alpha.
    #[error("the public key has small order")]
    SmallOrderKey,
    /// Gamma is not the one canonical encoding of a point on the curve.
    #[error("the proof's gamma is not a canonically encoded point")]
    InvalidGamma,
    /// `s` is the group order or more: a second spelling of another proof.
    #[error("the proof's s is not below the group order")]
    UnreducedScalar,
    /// The proof is well formed, but not for this key and this alpha.
    #[error("the proof is not for this key and this input")]
    ChallengeMismatch,
    /// None of the 256 attempts to hash alpha to the curve hit it: the chance is 2^-256.
    #[error("the input hashes to no point of the curve")]
    NoCurvePoint,
}

/// A secret key. Wiped from memory when dropped, and never shown by `Debug`.
pub struct SecretKey {
    scalar: Scalar,
    /// The second half of the expanded seed, from which nonces are derived (RFC 9381 section 5.4.2.2).
    nonce_prefix: [u8; 32],
    public: PublicKey,
}

impl SecretKey {
    /// Expands a seed of 32 uniformly random bytes, as Ed25519 does (RFC 8032 section 5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let expanded = Zeroizing::new(hash(&[seed]));
        let integer = Zeroizing::new(clamp_integer(first(&expanded[..])));
        let scalar = Scalar::from_bytes_mod_order(*integer);
        let mut nonce_prefix = [0; 32];
        nonce_prefix.copy_from_slice(&expanded[32..]);
        let point = EdwardsPoint::mul_base(&scalar);
        Self { scalar, nonce_prefix, public: PublicKey { point, bytes: point.compress().to_bytes() } }
    }

    /// The key that verifies this key's proofs.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Evaluates the function on `alpha` (RFC 9381 section 5.1). The time taken does not depend on the key.
    ///
    /// # Errors
    /// [`VrfError::NoCurvePoint`], for one alpha in 2^256.
    pub fn prove(&self, alpha: &[u8]) -> Result<(Proof, Beta), VrfError> {
        let h = encode_to_curve(&self.public.bytes, alpha)?;
        let gamma = h * self.scalar;
        let nonce = self.nonce(&h);
        let points = [h, gamma, EdwardsPoint::mul_base(&nonce), h * *nonce];
        let c = challenge(&self.public.bytes, &points);
        let s = *nonce + scalar_of(c) * self.scalar;
        Ok((Proof::assemble(&gamma, c, &s), Beta::of(&gamma)))
    }

    /// RFC 9381 section 5.4.2.2: deterministic, so that no bad random number can leak the key.
    fn nonce(&self, h: &EdwardsPoint) -> Zeroizing<Scalar> {
        let digest = Zeroizing::new(hash(&[&self.nonce_prefix, h.compress().as_bytes()]));
        Zeroizing::new(Scalar::from_bytes_mod_order_wide(&digest))
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.scalar.zeroize();
        self.nonce_prefix.zeroize();
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A validated public key: a canonical encoding of a point that is not of small order.
#[derive(Clone, Copy)]
pub struct PublicKey {
    point: EdwardsPoint,
    bytes: [u8; 32],
}

impl PublicKey {
    /// Decodes and fully validates a key (RFC 9381 section 5.4.5).
    ///
    /// # Errors
    /// [`VrfError::InvalidKey`] or [`VrfError::SmallOrderKey`].
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, VrfError> {
        let point = decode_point(bytes).ok_or(VrfError::InvalidKey)?;
        if point.is_small_order() {
            return Err(VrfError::SmallOrderKey);
        }
        Ok(Self { point, bytes })
    }

    /// The encoding of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Checks a proof and gives the output that it proves (RFC 9381 section 5.3).
    ///
    /// # Errors
    /// The proof is malformed, or not for this key and this alpha.
    pub fn verify(&self, alpha: &[u8], proof: &Proof) -> Result<Beta, VrfError> {
        let (gamma, stated, s) = proof.decode()?;
        let h = encode_to_curve(&self.bytes, alpha)?;
        let c = scalar_of(stated);
        // The points are negated, not `c`: on a point with a component of small order the two differ.
        let u = EdwardsPoint::vartime_double_scalar_mul_basepoint(&c, &-self.point, &s);
        let v = EdwardsPoint::vartime_multiscalar_mul([s, c], [h, -gamma]);
        if challenge(&self.bytes, &[h, gamma, u, v]) != stated {
            return Err(VrfError::ChallengeMismatch);
        }
        Ok(Beta::of(&gamma))
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for PublicKey {}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex_bytes::format(&self.bytes))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}
