//! The randomness beacon of a draw in beacon mode: drand's quicknet, whose rounds nobody knows beforehand.
//!
//! quicknet signs, every three seconds, the number of the round with a BLS key that many parties share; signatures are
//! in G1, the key in G2 (scheme `bls-unchained-g1-rfc9380`).

use std::sync::LazyLock;

use bls12_381::hash_to_curve::{ExpandMsgXmd, HashToCurve};
use bls12_381::{G1Affine, G1Projective, G2Affine, G2Prepared, multi_miller_loop};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2_10::Sha256;

use crate::hex_bytes;

/// Domain separation of the scheme.
const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// Hash by which relays name the chain.
pub const CHAIN_HASH: &str = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
/// Time of round 1, in seconds since the Unix epoch.
pub const GENESIS: u64 = 1_692_803_367;
/// Seconds from one round to the next.
pub const PERIOD: u64 = 3;
/// Least seconds between the acceptance of a draw and its round.
pub const DELAY: u64 = 6;

const PUBLIC_KEY: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451\
                          0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";

/// Why a round is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeaconError {
    /// The signature is not the beacon's for this round.
    #[error("the signature is not the beacon's for round {round}")]
    Signature {
        /// The round.
        round: u64,
    },
    /// The round is not the one that follows from the time of acceptance.
    #[error("round {stated} was drawn with, the time of acceptance calls for {due}")]
    OtherRound {
        /// Drawn with.
        stated: u64,
        /// By the rule.
        due: u64,
    },
}

/// A round of the beacon, and when the draw that waited for it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BeaconRound {
    /// Number of the round.
    pub round: u64,
    /// The beacon's signature of that number.
    #[serde(with = "hex_bytes")]
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{96}$"))]
    pub signature: [u8; 48],
    /// When the draw was accepted, in seconds since the Unix epoch, by the operator's clock.
    pub accepted_at: u64,
}

impl BeaconRound {
    /// Checks the signature, and that the round is the one that the time of acceptance fixes.
    ///
    /// # Errors
    /// Either does not hold.
    pub fn verify(&self) -> Result<(), BeaconError> {
        let due = round_for(self.accepted_at);
        if self.round != due {
            return Err(BeaconError::OtherRound { stated: self.round, due });
        }
        verify(self.round, &self.signature)
    }
}

/// The first round at least [`DELAY`] seconds after a draw was accepted.
pub fn round_for(accepted_at: u64) -> u64 {
    accepted_at.saturating_add(DELAY).saturating_sub(GENESIS).div_ceil(PERIOD).saturating_add(1)
}

/// When a round is published, in seconds since the Unix epoch.
pub fn time_of(round: u64) -> u64 {
    round.saturating_sub(1).saturating_mul(PERIOD).saturating_add(GENESIS)
}

/// Checks the beacon's signature of a round.
///
/// # Errors
/// [`BeaconError::Signature`].
pub fn verify(round: u64, signature: &[u8; 48]) -> Result<(), BeaconError> {
    if is_signature(round, signature).unwrap_or(false) {
        Ok(())
    } else {
        Err(BeaconError::Signature { round })
    }
}

/// e(signature, -g2) e(H(SHA-256(round)), key) is one. Both points are checked to lie in their subgroups.
fn is_signature(round: u64, signature: &[u8; 48]) -> Option<bool> {
    static KEY: LazyLock<Option<G2Prepared>> = LazyLock::new(|| {
        let key = hex::decode(PUBLIC_KEY).ok()?.try_into().ok()?;
        Option::<G2Affine>::from(G2Affine::from_compressed(&key)).map(G2Prepared::from)
    });
    let signature = Option::<G1Affine>::from(G1Affine::from_compressed(signature))?;
    let message = <Sha256 as sha2_10::Digest>::digest(round.to_be_bytes());
    let message = <G1Projective as HashToCurve<ExpandMsgXmd<Sha256>>>::hash_to_curve([message], DOMAIN);
    let generator = G2Prepared::from(-G2Affine::generator());
    let pairing = multi_miller_loop(&[(&signature, &generator), (&message.into(), KEY.as_ref()?)]);
    Some(bool::from(!signature.is_identity()) && pairing.final_exponentiation() == bls12_381::Gt::identity())
}
