use std::fmt;

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use serde::{Deserialize, Serialize};

use super::VrfError;
use super::suite::{Challenge, decode_point, first, proof_to_hash};
use crate::hex_bytes;

/// A proof of 80 bytes, called pi in RFC 9381: gamma (32), challenge (16) and s (32). Checked when it is verified.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Proof(#[serde(with = "hex_bytes")] [u8; 80]);

impl Proof {
    /// Takes the bytes of a proof as they are.
    pub fn from_bytes(bytes: [u8; 80]) -> Self {
        Self(bytes)
    }

    /// The bytes of the proof.
    pub fn as_bytes(&self) -> &[u8; 80] {
        &self.0
    }

    pub(super) fn assemble(gamma: &EdwardsPoint, challenge: Challenge, s: &Scalar) -> Self {
        let mut bytes = [0; 80];
        bytes[..32].copy_from_slice(gamma.compress().as_bytes());
        bytes[32..48].copy_from_slice(&challenge);
        bytes[48..].copy_from_slice(s.as_bytes());
        Self(bytes)
    }

    /// RFC 9381 section 5.4.4.
    pub(super) fn decode(&self) -> Result<(EdwardsPoint, Challenge, Scalar), VrfError> {
        let gamma = decode_point(first(&self.0)).ok_or(VrfError::InvalidGamma)?;
        let s = Option::from(Scalar::from_canonical_bytes(first(&self.0[48..])))
            .ok_or(VrfError::UnreducedScalar)?;
        Ok((gamma, first(&self.0[32..]), s))
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({})", hex_bytes::format(&self.0))
    }
}

/// The output of the function: 64 bytes that nobody could predict without the secret key, nor choose with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Beta([u8; 64]);

impl Beta {
    /// The bytes of the output.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    pub(super) fn of(gamma: &EdwardsPoint) -> Self {
        Self(proof_to_hash(gamma))
    }
}

impl fmt::Debug for Beta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Beta({})", hex_bytes::format(&self.0))
    }
}
