//! What a log signs: checkpoints (C2SP tlog-checkpoint) and promises to log a leaf.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::note::{LogKey, LogSigner, NoteError};
use crate::tree::Hash;

const PROMISE: &str = "rng/promise/v1";

/// The state of a log: its size and root, signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// Signs the checkpoint: a note of origin, size and root.
    pub fn sign(&self, key: &LogSigner) -> String {
        let root = BASE64_STANDARD.encode(self.root);
        key.sign(&format!("{}\n{}\n{root}\n", key.public().name(), self.size))
    }

    /// Opens a checkpoint of the log with this key.
    ///
    /// # Errors
    /// The note is not signed by this key, or is not a checkpoint of this log.
    pub fn open(note: &str, key: &LogKey) -> Result<Self, NoteError> {
        const NO: NoteError = NoteError::Content("a checkpoint of this log");
        let mut lines = key.open(note)?.split('\n');
        let (origin, size, root) = (lines.next(), lines.next(), lines.next());
        let size = size.and_then(crate::decimal::parse::<u64>).ok_or(NO)?;
        let root = root.and_then(decode).ok_or(NO)?;
        if origin == Some(key.name()) { Ok(Self { size, root }) } else { Err(NO) }
    }
}

/// The operator's word that a leaf will be in the log by a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// Hash of the leaf.
    pub leaf: Hash,
    /// When it is in the log at the latest, in seconds since the Unix epoch.
    pub include_by: u64,
}

impl Promise {
    /// Signs the promise: a note of `rng/promise/v1`, origin, leaf hash and time.
    pub fn sign(&self, key: &LogSigner) -> String {
        let leaf = BASE64_STANDARD.encode(self.leaf);
        key.sign(&format!("{PROMISE}\n{}\n{leaf}\n{}\n", key.public().name(), self.include_by))
    }

    /// Opens a promise of the log with this key.
    ///
    /// # Errors
    /// The note is not signed by this key, or is not a promise of this log.
    pub fn open(note: &str, key: &LogKey) -> Result<Self, NoteError> {
        const NO: NoteError = NoteError::Content("a promise of this log");
        let lines: Vec<_> = key.open(note)?.split('\n').collect();
        let [PROMISE, origin, leaf, include_by, ""] = lines[..] else { return Err(NO) };
        let leaf = decode(leaf).ok_or(NO)?;
        let include_by = crate::decimal::parse(include_by).ok_or(NO)?;
        if origin == key.name() { Ok(Self { leaf, include_by }) } else { Err(NO) }
    }
}

fn decode(hash: &str) -> Option<Hash> {
    BASE64_STANDARD.decode(hash).ok()?.try_into().ok()
}
