//! Secret keys in files: 32 bytes as hexadecimal, readable by their owner alone.

use std::{
    ffi::OsString,
    fmt, fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::StartError;

/// A 256-bit secret, wiped from memory when dropped.
pub type Secret = Zeroizing<[u8; 32]>;

/// The path of a secret key, as a value of a configuration key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile(PathBuf);

/// Several, separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyFiles(Vec<KeyFile>);

/// Why a key file gives no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    #[error("{}: there is no such file", .0.display())]
    Missing(PathBuf),
    #[error("{}: there is a file already", .0.display())]
    Exists(PathBuf),
    #[error("{}: {error}", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: not 64 hexadecimal digits", .0.display())]
    Malformed(PathBuf),
}

impl KeyFile {
    /// Where the key is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the key.
    pub(crate) fn read(&self) -> Result<Secret, KeyFileError> {
        let text = fs::read_to_string(&self.0).map(Zeroizing::new).map_err(|error| self.error(error))?;
        self.warn_if_public();
        let digits = text.trim();
        let mut secret = Secret::default();
        hex::decode_to_slice(digits.strip_prefix("0x").unwrap_or(digits), secret.as_mut())
            .map_err(|_| KeyFileError::Malformed(self.0.clone()))?;
        Ok(secret)
    }

    /// Reads the key, and makes it where it is missing. Processes that start together have the same one.
    pub(crate) fn read_or_create(&self) -> Result<Secret, KeyFileError> {
        match self.read() {
            Err(KeyFileError::Missing(_)) => match self.create() {
                Err(KeyFileError::Exists(_)) => self.read(),
                made => {
                    tracing::info!(file = %self, "made a key that was missing");
                    made
                }
            },
            read => read,
        }
    }

    /// Makes a key from the system's entropy in a file that does not exist yet, mode 0600, with its folders.
    pub(crate) fn create(&self) -> Result<Secret, KeyFileError> {
        let mut secret = Secret::default();
        getrandom::fill(secret.as_mut()).map_err(|error| self.error(io::Error::other(error)))?;
        let text = Zeroizing::new(format!("0x{}\n", hex::encode(secret.as_ref())));
        self.write(text.as_bytes()).map_err(|error| self.error(error))?;
        Ok(secret)
    }

    fn write(&self, text: &[u8]) -> io::Result<()> {
        let mut file = beside(&self.0)?;
        file.write_all(text)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(&self.0)?;
        Ok(())
    }

    fn warn_if_public(&self) {
        const GROUP_AND_OTHERS: u32 = 0o077;
        let mode = fs::metadata(&self.0).map(|metadata| metadata.permissions().mode());
        if mode.is_ok_and(|mode| mode & GROUP_AND_OTHERS != 0) {
            tracing::warn!(file = %self.0.display(), "this secret key is readable by other accounts");
        }
    }

    fn error(&self, error: io::Error) -> KeyFileError {
        match error.kind() {
            io::ErrorKind::NotFound => KeyFileError::Missing(self.0.clone()),
            io::ErrorKind::AlreadyExists => KeyFileError::Exists(self.0.clone()),
            _ => KeyFileError::Io { path: self.0.clone(), error },
        }
    }
}

/// A new file in the folder of another, mode 0600, which takes that one's place when it is whole.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    NamedTempFile::new_in(folder)
}

impl KeyFiles {
    pub(crate) fn files(&self) -> &[KeyFile] {
        &self.0
    }
}

impl KeyFileError {
    /// The error for the operator, with what to do where the file is missing.
    pub(crate) fn with_hint(self, missing: impl FnOnce(&Path) -> String) -> StartError {
        let hint = match &self {
            Self::Missing(path) => missing(path),
            Self::Exists(_) => "a key is never overwritten: what it protects would be lost".to_owned(),
            Self::Io { .. } => "the file must be readable by this account".to_owned(),
            Self::Malformed(_) => "a key file holds 32 bytes as hexadecimal, and nothing else".to_owned(),
        };
        StartError::config(self.to_string(), hint)
    }
}

/// What clap makes of a value on the command line, in the environment or as a default.
impl From<OsString> for KeyFile {
    fn from(path: OsString) -> Self {
        Self(path.into())
    }
}

impl std::str::FromStr for KeyFiles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let files: Vec<_> = text.split(',').map(str::trim).collect();
        if files.iter().any(|file| file.is_empty()) {
            return Err("expected one path or several, separated by commas".to_owned());
        }
        Ok(Self(files.into_iter().map(|file| KeyFile(file.into())).collect()))
    }
}

impl fmt::Display for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::KeyFile;

    #[test]
    fn whoever_starts_at_the_same_time_has_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile(folder.path().join("keys/shared.key"));
        let start = || file.read_or_create().unwrap();
        let secrets = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..32).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
        assert_eq!(std::fs::read_dir(folder.path().join("keys")).unwrap().count(), 1, "nothing else stays");
    }
}
