//! Signed notes (C2SP signed-note) with Ed25519: how the log signs its checkpoints and its promises.
//!
//! A note is a text that ends with a line feed, an empty line, and signature lines `— NAME BASE64`. Signatures of keys
//! that the reader does not know are passed over, as the specification has it: witnesses may add theirs.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// The signature type of Ed25519.
const ED25519: u8 = 0x01;
/// Longest note that is read.
const MAX_NOTE: usize = 64 * 1024;

/// Why a note is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// The name is empty, or has a space or a plus sign.
    #[error("the name of a key is not empty and has neither space nor plus sign")]
    Name,
    /// The key is not one that Ed25519 allows, or has small order.
    #[error("the log's public key is refused")]
    Key,
    /// The text is not a signed note.
    #[error("not a signed note")]
    Malformed,
    /// The key did not sign it.
    #[error("the note is not signed by the log's key")]
    NotSigned,
    /// The signature is not over this text.
    #[error("the log's signature does not hold")]
    Signature,
    /// The text is signed, but not what was expected.
    #[error("the signed text is not {0}")]
    Content(&'static str),
}

/// The name and public key of a log.
#[derive(Clone, PartialEq, Eq)]
pub struct LogKey {
    name: String,
    key: VerifyingKey,
}

impl LogKey {
    /// Validates a name and a key.
    ///
    /// # Errors
    /// [`NoteError::Name`] or [`NoteError::Key`].
    pub fn new(name: &str, key: [u8; 32]) -> Result<Self, NoteError> {
        let bad = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '+';
        if name.is_empty() || name.contains(bad) {
            return Err(NoteError::Name);
        }
        let key = VerifyingKey::from_bytes(&key).map_err(|_| NoteError::Key)?;
        let canonical = curve25519_dalek::edwards::CompressedEdwardsY(key.to_bytes());
        let canonical = canonical.decompress().is_some_and(|point| point.compress() == canonical);
        if key.is_weak() || !canonical {
            return Err(NoteError::Key);
        }
        Ok(Self { name: name.to_owned(), key })
    }

    /// The name of the log, which is its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Opens a note: the text that this key signed.
    ///
    /// # Errors
    /// The note is malformed, or not signed by this key.
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str, NoteError> {
        if note.len() > MAX_NOTE {
            return Err(NoteError::Malformed);
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        let text = &note[..=text.len()];
        let mut signed = Err(NoteError::NotSigned);
        for line in signatures.split('\n') {
            let line = line.strip_prefix("\u{2014} ").ok_or(NoteError::Malformed)?;
            let (name, signature) = line.split_once(' ').ok_or(NoteError::Malformed)?;
            let signature = BASE64_STANDARD.decode(signature).map_err(|_| NoteError::Malformed)?;
            let (id, signature) = signature.split_at_checked(4).ok_or(NoteError::Malformed)?;
            if name == self.name && id == self.id() {
                self.check(text, signature)?;
                signed = Ok(text);
            }
        }
        signed
    }

    fn check(&self, text: &str, signature: &[u8]) -> Result<(), NoteError> {
        let signature = Signature::from_slice(signature).map_err(|_| NoteError::Signature)?;
        self.key.verify_strict(text.as_bytes(), &signature).map_err(|_| NoteError::Signature)
    }

    /// The first bytes of a hash over name, type and key, by which a signature line names its key.
    fn id(&self) -> [u8; 4] {
        let digest = Sha256::new_with_prefix(&self.name).chain_update([b'\n', ED25519]);
        let digest = digest.chain_update(self.key.as_bytes()).finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }
}

impl fmt::Display for LogKey {
    /// The form in which tools for signed notes take a key: `NAME+ID+BASE64`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), BASE64_STANDARD.encode(key))
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey({self})")
    }
}

/// The key that a log signs with. Wiped from memory when dropped.
pub struct LogSigner {
    signing: SigningKey,
    public: LogKey,
}

impl LogSigner {
    /// From the log's name and a seed of 32 uniformly random bytes.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let signing = SigningKey::from_bytes(seed);
        let public = LogKey::new(name, signing.verifying_key().to_bytes())?;
        Ok(Self { signing, public })
    }

    /// The key that verifies this key's notes.
    pub fn public(&self) -> &LogKey {
        &self.public
    }

    /// Signs a text, which ends with a line feed.
    pub(crate) fn sign(&self, text: &str) -> String {
        let signature = [&self.public.id()[..], &self.signing.sign(text.as_bytes()).to_bytes()].concat();
        format!("{text}\n\u{2014} {} {}\n", self.public.name, BASE64_STANDARD.encode(signature))
    }
}

impl fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogSigner").field("public", &self.public).finish_non_exhaustive()
    }
}
