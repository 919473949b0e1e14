//! The functions that make up the suite, under the names of RFC 9381.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest, Sha512};

use super::VrfError;

const SUITE: u8 = 0x03;
const ENCODE_TO_CURVE: u8 = 0x01;
const CHALLENGE: u8 = 0x02;
const PROOF_TO_HASH: u8 = 0x03;
const BACK: u8 = 0x00;

/// A challenge, a little-endian integer: cLen of the suite is 16.
pub(super) type Challenge = [u8; 16];

/// Try and increment (RFC 9381 section 5.4.1.1). It takes longer for some alphas than for others; alpha is public.
pub(super) fn encode_to_curve(key: &[u8; 32], alpha: &[u8]) -> Result<EdwardsPoint, VrfError> {
    let prefix = Sha512::new_with_prefix([SUITE, ENCODE_TO_CURVE]).chain_update(key).chain_update(alpha);
    (0..=u8::MAX)
        .find_map(|counter| {
            let digest = prefix.clone().chain_update([counter, BACK]).finalize();
            let point = decode_point(first(&digest))?.mul_by_cofactor();
            (!point.is_identity()).then_some(point)
        })
        .ok_or(VrfError::NoCurvePoint)
}

/// RFC 9381 section 5.4.3, over the key and four more points.
pub(super) fn challenge(key: &[u8; 32], points: &[EdwardsPoint; 4]) -> Challenge {
    let [h, gamma, u, v] = EdwardsPoint::compress_batch(points).map(|point| point.to_bytes());
    first(&hash(&[&[SUITE, CHALLENGE], key, &h, &gamma, &u, &v, &[BACK]]))
}

/// RFC 9381 section 5.2, on a gamma that was computed or verified.
pub(super) fn proof_to_hash(gamma: &EdwardsPoint) -> [u8; 64] {
    let cleared = gamma.mul_by_cofactor().compress();
    hash(&[&[SUITE, PROOF_TO_HASH], cleared.as_bytes(), &[BACK]])
}

pub(super) fn scalar_of(challenge: Challenge) -> Scalar {
    Scalar::from(u128::from_le_bytes(challenge))
}

/// RFC 8032 section 5.1.3. The curve library also decodes y >= p and a negative zero, which encode to other bytes.
pub(super) fn decode_point(bytes: [u8; 32]) -> Option<EdwardsPoint> {
    let encoded = CompressedEdwardsY(bytes);
    encoded.decompress().filter(|point| point.compress() == encoded)
}

pub(super) fn hash(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = Sha512::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// The first `N` bytes of a longer string.
pub(super) fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut head = [0; N];
    head.copy_from_slice(&bytes[..N]);
    head
}
