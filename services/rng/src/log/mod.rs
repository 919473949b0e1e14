//! The transparency log: every draw's entry, in the order in which the ledger committed them, under signed checkpoints.

mod accept;
mod append;
pub(crate) mod appends;
pub(crate) mod http;
mod keys;
mod proofs;
mod sequencer;
mod store;
#[cfg(test)]
mod tests;
mod tile;

use std::{io, sync::Arc};

use draw::{LogKey, LogSigner};

pub(crate) use accept::Accepted;
pub(crate) use keys::{EpochKey, EpochKeys};
pub(crate) use sequencer::follow;
pub(crate) use store::Store;

/// What the ledger calls the entries that handlers attach to their answers.
pub(crate) const LEAF: &str = "rng-leaf";

/// Why the log does not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("the log's database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the folder of the log's database: {0}")]
    Folder(#[source] io::Error),
    #[error("the log's database does not hold what it should")]
    Corrupt,
    #[error("the ledger: {0}")]
    Ledger(#[from] service_kit::LedgerError),
    #[error("this log belongs to {stated}, not to {configured}: a log keeps its name and its key")]
    OtherLog { stated: String, configured: String },
    #[error("no entropy: {0}")]
    Entropy(#[from] getrandom::Error),
    #[error("the key of epoch {0} is gone: its draws can be made no more")]
    Erased(u32),
    #[error("the key of epoch {0} is not there yet")]
    NoKey(u32),
    #[error("the key of epoch {0} does not open under this seal key")]
    Sealed(u32),
    #[error("the draw was not made in time, and was given up in the log")]
    Void,
}

/// The log and the key that signs it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) store: Store,
    pub(crate) signer: Arc<LogSigner>,
}

impl Log {
    /// The name and the public key of the log.
    pub(crate) fn key(&self) -> &LogKey {
        self.signer.public()
    }
}
