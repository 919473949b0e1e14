//! The input of the VRF: which payment, on which chain, for which request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RequestHash;
use crate::beacon::BeaconRound;

/// What every alpha starts with. A later version of the construction starts otherwise.
const VERSION: &[u8; 6] = b"rng/v1";

/// How the draw was paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Scheme {
    /// One EIP-3009 authorization for one call; the nonce is the authorization's.
    Exact = 1,
    /// A voucher on a payment channel; the nonce is derived from the channel and its cumulative amount.
    Channel = 2,
}

/// Where the unpredictability comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Mode {
    /// From the epoch key alone, at once. Whoever holds that key knows the outcome first.
    Instant,
    /// From the epoch key and a round of the public beacon that came after the payment.
    Beacon(BeaconRound),
}

impl Mode {
    /// The byte for the mode, in alpha and in the log.
    pub fn byte(self) -> u8 {
        self.encode().0
    }

    /// Mode byte, round and signature of the randomness beacon. An instant draw has no beacon: round and signature
    /// are zeros, and their place is taken all the same, so that alpha has one length.
    fn encode(self) -> (u8, u64, [u8; 48]) {
        match self {
            Self::Instant => (0, 0, [0; 48]),
            Self::Beacon(beacon) => (1, beacon.round, beacon.signature),
        }
    }
}

/// Everything in the input of a draw but its request.
///
/// The payment's value, validity and signature stay out: the buyer could vary them and draw again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawInput {
    /// Days since 1970-01-01 UTC. Each has one key.
    pub epoch: u32,
    /// How the draw was paid for.
    pub scheme: Scheme,
    /// EIP-155 chain id of the payment.
    pub chain_id: u64,
    /// Address of the token paid in.
    pub asset: [u8; 20],
    /// Address of the payer.
    pub payer: [u8; 20],
    /// Nonce of the payment, chosen by the payer: the seller cannot try others.
    pub nonce: [u8; 32],
    /// Where the unpredictability comes from.
    pub mode: Mode,
}

/// The encoded input of the VRF: 180 bytes, integers big-endian.
///
/// | offset | bytes | field |
/// |-------:|------:|---|
/// |   0 |  6 | `rng/v1` in ASCII |
/// |   6 |  4 | epoch |
/// |  10 |  1 | scheme: 1 exact, 2 channel |
/// |  11 |  8 | chain id |
/// |  19 | 20 | asset |
/// |  39 | 20 | payer |
/// |  59 | 32 | nonce |
/// |  91 | 32 | request hash |
/// | 123 |  1 | mode: 0 instant, 1 beacon; 2 is kept for private |
/// | 124 |  8 | beacon round, 0 without a beacon |
/// | 132 | 48 | beacon signature, zeros without a beacon |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alpha([u8; Self::LEN]);

impl Alpha {
    /// Length of every alpha in bytes.
    pub const LEN: usize = 180;

    /// Encodes the input of a draw.
    pub fn new(input: &DrawInput, request: &RequestHash) -> Self {
        let (mode, round, signature) = input.mode.encode();
        let fields: [&[u8]; 11] = [
            VERSION,
            &input.epoch.to_be_bytes(),
            &[input.scheme as u8],
            &input.chain_id.to_be_bytes(),
            &input.asset,
            &input.payer,
            &input.nonce,
            request.as_bytes(),
            &[mode],
            &round.to_be_bytes(),
            &signature,
        ];
        let mut bytes = [0; Self::LEN];
        let encoded = fields.iter().copied().flatten();
        bytes.iter_mut().zip(encoded).for_each(|(byte, encoded)| *byte = *encoded);
        Self(bytes)
    }

    /// The same with zeros for the beacon's signature: what is known when a draw is accepted.
    pub(crate) fn without_beacon(&self) -> Self {
        let mut bytes = self.0;
        bytes[Self::LEN - 48..].fill(0);
        Self(bytes)
    }

    /// The encoding.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}
