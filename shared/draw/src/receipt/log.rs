//! The part of a receipt that ties the draw to the transparency log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DrawReceipt;
use crate::checkpoint::{Checkpoint, Promise};
use crate::leaf::{self, Context, DrawLeaf, Leaf};
use crate::note::{LogKey, NoteError};
use crate::tree::{Hash, TreeError, verify_inclusion};
use crate::{Alpha, Mode, hex_bytes};

/// Where the draw is logged: by promise, and once the log has it, by proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogRecord {
    /// The name of the log.
    pub origin: String,
    /// The Ed25519 key of the log.
    #[serde(with = "hex_bytes")]
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{64}$"))]
    pub public_key: [u8; 32],
    /// Opens the commitment of the log's entry.
    #[serde(with = "hex_bytes")]
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{64}$"))]
    pub blind: [u8; 32],
    /// The operator's signed word that the entry will be in the log by a time: a signed note.
    pub promise: String,
    /// That it is in the log. Not in the answer, which comes first; `GET /v1/proofs/{leafHash}` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<InclusionProof>,
}

/// The proof that a draw is in the log, and the key of its epoch before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InclusionProof {
    /// The signed checkpoint that all paths lead to.
    pub checkpoint: String,
    /// The entry of the draw.
    pub draw: Place,
    /// The entry of the epoch's key.
    pub key: Place,
    /// When the key was logged, in seconds since the Unix epoch, by the operator's clock: part of its entry.
    pub key_logged_at: u64,
    /// The entry that accepted a draw by the beacon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<Place>,
}

/// The place of an entry in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    /// Index of the entry.
    pub index: u64,
    /// The hashes from the entry up to the root.
    #[serde(with = "hex_bytes::list")]
    #[schemars(with = "Vec<String>")]
    pub path: Vec<Hash>,
}

/// Why the log's part of a receipt is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The log's key or one of its notes is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The receipt names another log than the one trusted.
    #[error("the receipt names the log {stated}, the trusted one is {trusted}")]
    UntrustedLog {
        /// In the receipt.
        stated: String,
        /// By the caller.
        trusted: String,
    },
    /// A log is trusted, and the receipt is in none.
    #[error("the receipt has no promise of the log")]
    Unlogged,
    /// The promise is of another entry.
    #[error("the promise is not for the entry of this draw")]
    OtherLeaf,
    /// A path is refused.
    #[error("the {entry} is not shown to be in the log: {source}")]
    Place {
        /// Which entry.
        entry: &'static str,
        /// Why.
        source: TreeError,
    },
    /// The entry of a draw's acceptance is not proven, or that of a draw without one is.
    #[error("acceptance and mode do not go together")]
    Accept,
    /// The draw does not come after the key of its epoch and its acceptance.
    #[error("the draw was logged before {0}")]
    Order(&'static str),
    /// Two checkpoints of one size with different roots: the log shows different people different trees.
    #[error("SPLIT VIEW: two signed checkpoints of {size} leaves have different roots")]
    SplitView {
        /// Leaves of both.
        size: u64,
    },
}

impl LogError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Note(_) | Self::OtherLeaf => "note",
            Self::UntrustedLog { .. } => "log",
            Self::Unlogged => "unlogged",
            Self::Place { .. } | Self::Accept => "inclusion",
            Self::Order(_) => "order",
            Self::SplitView { .. } => "split-view",
        }
    }
}

/// What is known of a draw's place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logged {
    /// Nothing: the receipt names no log.
    No,
    /// The operator signed that it will be.
    Promised {
        /// The log.
        log: LogKey,
        /// By when, in seconds since the Unix epoch.
        include_by: u64,
    },
    /// It is.
    Included {
        /// The log.
        log: LogKey,
        /// Index of the entry.
        index: u64,
        /// The checkpoint it was shown in.
        checkpoint: Checkpoint,
    },
}

impl DrawReceipt {
    /// The log's entry of this draw, from its blinding salt.
    pub fn leaf(&self, blind: &[u8; 32]) -> Leaf {
        let alpha = Alpha::new(&self.input(), &self.request_hash);
        Leaf::Draw(DrawLeaf {
            epoch: self.epoch,
            mode: self.mode.byte(),
            context: self.context(),
            alpha_hash: leaf::alpha_hash(&alpha),
            commitment: leaf::commitment(blind, &alpha, &self.proof),
            accept_hash: match self.mode {
                Mode::Instant => [0; 32],
                Mode::Beacon(_) => leaf::accept_hash(&alpha),
            },
        })
    }

    fn context(&self) -> Context {
        Context::new(&self.payer, self.request.label())
    }

    /// The entry that accepted this draw, where it is one by the beacon.
    fn accept_leaf(&self) -> Option<Leaf> {
        let Mode::Beacon(beacon) = self.mode else { return None };
        let alpha = Alpha::new(&self.input(), &self.request_hash);
        Some(Leaf::Accept {
            epoch: self.epoch,
            context: self.context(),
            accept_hash: leaf::accept_hash(&alpha),
            round: beacon.round,
            time: beacon.accepted_at,
        })
    }

    pub(super) fn verify_log(
        &self,
        trusted: Option<&LogKey>,
        known: Option<&str>,
    ) -> Result<Logged, LogError> {
        let Some(record) = &self.log else {
            return if trusted.is_some() { Err(LogError::Unlogged) } else { Ok(Logged::No) };
        };
        let log = record.key(trusted)?;
        let leaf = self.leaf(&record.blind).hash();
        let promise = Promise::open(&record.promise, &log)?;
        if promise.leaf != leaf {
            return Err(LogError::OtherLeaf);
        }
        let Some(proof) = &record.proof else {
            return Ok(Logged::Promised { log, include_by: promise.include_by });
        };
        let checkpoint = Checkpoint::open(&proof.checkpoint, &log)?;
        if let Some(known) = known {
            refuse_split_view(checkpoint, Checkpoint::open(known, &log)?)?;
        }
        self.verify_places(proof, &leaf, checkpoint)?;
        Ok(Logged::Included { log, index: proof.draw.index, checkpoint })
    }

    fn verify_places(
        &self,
        proof: &InclusionProof,
        leaf: &Hash,
        checkpoint: Checkpoint,
    ) -> Result<(), LogError> {
        let key =
            Leaf::Key { epoch: self.epoch, public_key: self.public_key, time: proof.key_logged_at }.hash();
        proof.draw.verify("draw", leaf, checkpoint)?;
        proof.key.verify("key", &key, checkpoint)?;
        if proof.key.index > proof.draw.index {
            return Err(LogError::Order("the key of its epoch"));
        }
        match (self.accept_leaf(), &proof.accept) {
            (None, None) => Ok(()),
            (Some(accept), Some(place)) => {
                place.verify("acceptance", &accept.hash(), checkpoint)?;
                let in_order = place.index < proof.draw.index;
                in_order.then_some(()).ok_or(LogError::Order("it was accepted"))
            }
            _ => Err(LogError::Accept),
        }
    }
}

fn refuse_split_view(one: Checkpoint, other: Checkpoint) -> Result<(), LogError> {
    if one.size == other.size && one.root != other.root {
        return Err(LogError::SplitView { size: one.size });
    }
    Ok(())
}

impl LogRecord {
    fn key(&self, trusted: Option<&LogKey>) -> Result<LogKey, LogError> {
        let stated = LogKey::new(&self.origin, self.public_key)?;
        match trusted {
            Some(trusted) if *trusted != stated => {
                Err(LogError::UntrustedLog { stated: stated.to_string(), trusted: trusted.to_string() })
            }
            _ => Ok(stated),
        }
    }
}

impl Place {
    fn verify(&self, entry: &'static str, leaf: &Hash, checkpoint: Checkpoint) -> Result<(), LogError> {
        let Checkpoint { size, root } = checkpoint;
        verify_inclusion(leaf, self.index, size, &self.path, &root)
            .map_err(|source| LogError::Place { entry, source })
    }
}
