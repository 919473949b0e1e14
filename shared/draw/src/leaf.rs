//! The entries of the transparency log, byte for byte.
//!
//! | entry | bytes, integers big-endian |
//! |---|---|
//! | key | `01`, epoch 4, VRF public key 32, time 8 |
//! | draw | `02`, epoch 4, mode 1, ctx 32, payer tag 32, alpha hash 32, commitment 32, accept hash 32 (zeros without a beacon) |
//! | accept | `03`, epoch 4, ctx 32, payer tag 32, accept hash 32, beacon round 8, time 8 |
//! | void | `04`, accept hash 32, time 8 |
//!
//! Times are seconds since the Unix epoch, by the operator's clock. The hashes are SHA-256 over a tag and fields:
//!
//! | hash | over |
//! |---|---|
//! | ctx | `rng/ctx/v1`, payer 20, label in UTF-8 (nothing without one) |
//! | payer tag | `rng/payer/v1`, payer 20 |
//! | alpha hash | `rng/alpha/v1`, alpha 180 |
//! | accept hash | `rng/accept/v1`, alpha with zeros for the beacon's signature 180 |
//! | commitment | `rng/commit/v1`, blind 32, alpha 180, proof 80 |

use sha2::{Digest, Sha256};

use crate::tree::{Hash, leaf_hash};
use crate::{Alpha, Proof};

const KEY: u8 = 1;
const DRAW: u8 = 2;
const ACCEPT: u8 = 3;
const VOID: u8 = 4;

/// An entry of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    /// The key of an epoch, from then on the only one.
    Key {
        /// Days since 1970-01-01 UTC.
        epoch: u32,
        /// The VRF key.
        public_key: [u8; 32],
        /// When it was logged.
        time: u64,
    },
    /// A draw.
    Draw(DrawLeaf),
    /// A draw by the beacon was paid for, and waits for the round.
    Accept {
        /// Days since 1970-01-01 UTC.
        epoch: u32,
        /// What for, and by whom.
        context: Context,
        /// Which draw.
        accept_hash: Hash,
        /// The round, fixed by `time`.
        round: u64,
        /// When it was accepted.
        time: u64,
    },
    /// An accepted draw that was not made, and will not be.
    Void {
        /// Which one.
        accept_hash: Hash,
        /// When it was given up.
        time: u64,
    },
}

/// The entry of one draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawLeaf {
    /// Days since 1970-01-01 UTC.
    pub epoch: u32,
    /// As in alpha: 0 instant, 1 beacon.
    pub mode: u8,
    /// What for, and by whom.
    pub context: Context,
    /// Which draw: unique in the log.
    pub alpha_hash: Hash,
    /// Commits to alpha and proof, and shows neither.
    pub commitment: Hash,
    /// The accept entry, or zeros.
    pub accept_hash: Hash,
}

/// What draws are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Context {
    /// Hash of payer and label: "drew five times, showed one" is countable.
    pub ctx: Hash,
    /// Hash of the payer.
    pub payer_tag: Hash,
}

impl Context {
    /// Of a payer's draw under a label.
    pub fn new(payer: &[u8; 20], label: Option<&str>) -> Self {
        let label = label.unwrap_or_default().as_bytes();
        Self { ctx: tagged(b"rng/ctx/v1", &[payer, label]), payer_tag: tagged(b"rng/payer/v1", &[payer]) }
    }
}

/// Names a draw in the log.
pub fn alpha_hash(alpha: &Alpha) -> Hash {
    tagged(b"rng/alpha/v1", &[alpha.as_bytes()])
}

/// Names a draw before the beacon's signature is known.
pub fn accept_hash(alpha: &Alpha) -> Hash {
    tagged(b"rng/accept/v1", &[alpha.without_beacon().as_bytes()])
}

/// Commits to a draw. Whoever does not know `blind` cannot tell which one.
pub fn commitment(blind: &[u8; 32], alpha: &Alpha, proof: &Proof) -> Hash {
    tagged(b"rng/commit/v1", &[blind, alpha.as_bytes(), proof.as_bytes()])
}

fn tagged(tag: &[u8], parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new_with_prefix(tag);
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

impl Leaf {
    /// The bytes of the entry.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Key { epoch, public_key, time } => {
                [&[KEY], &epoch.to_be_bytes()[..], public_key, &time.to_be_bytes()].concat()
            }
            Self::Draw(draw) => draw.encode(),
            Self::Accept { epoch, context, accept_hash, round, time } => {
                let (epoch, round, time) = (epoch.to_be_bytes(), round.to_be_bytes(), time.to_be_bytes());
                let Context { ctx, payer_tag } = context;
                [&[ACCEPT], &epoch[..], ctx, payer_tag, accept_hash, &round, &time].concat()
            }
            Self::Void { accept_hash, time } => [&[VOID], &accept_hash[..], &time.to_be_bytes()].concat(),
        }
    }

    /// Reads an entry; nothing where the bytes are none.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let leaf = match fields.array::<1>()? {
            [KEY] => Self::Key { epoch: fields.u32()?, public_key: fields.array()?, time: fields.u64()? },
            [DRAW] => Self::Draw(DrawLeaf {
                epoch: fields.u32()?,
                mode: u8::from_be_bytes(fields.array()?),
                context: fields.context()?,
                alpha_hash: fields.array()?,
                commitment: fields.array()?,
                accept_hash: fields.array()?,
            }),
            [ACCEPT] => Self::Accept {
                epoch: fields.u32()?,
                context: fields.context()?,
                accept_hash: fields.array()?,
                round: fields.u64()?,
                time: fields.u64()?,
            },
            [VOID] => Self::Void { accept_hash: fields.array()?, time: fields.u64()? },
            _ => return None,
        };
        fields.0.is_empty().then_some(leaf)
    }

    /// The hash of the entry as a leaf of the tree.
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.encode())
    }
}

impl DrawLeaf {
    fn encode(&self) -> Vec<u8> {
        let Context { ctx, payer_tag } = &self.context;
        let head = [&[DRAW], &self.epoch.to_be_bytes()[..], &[self.mode]].concat();
        [&head[..], ctx, payer_tag, &self.alpha_hash, &self.commitment, &self.accept_hash].concat()
    }
}

/// The fields of an entry that are not yet read.
struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn context(&mut self) -> Option<Context> {
        Some(Context { ctx: self.array()?, payer_tag: self.array()? })
    }
}
