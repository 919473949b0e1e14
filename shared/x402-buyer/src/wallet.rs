//! The key that pays. It comes from a file, never from the command line, where every process of the machine could read it.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use x402::{Address, Asset, Authorization, ExactPayload, Network, ReceiptKey, Signed, SigningKey};
use zeroize::Zeroizing;

use crate::files;

/// Bits of a file's mode that let others at it. A group may read: that is how services are given secrets.
const OTHERS: u32 = 0o037;

/// An account that can sign payments. Its `Debug` shows the address, never the key.
#[derive(Clone, Debug)]
pub struct Wallet {
    key: SigningKey,
}

/// Why there is no wallet.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others on this machine can read the file.
    #[error("{} is open to other users (mode {mode:04o}): run `chmod 600 {}`", path.display(), path.display())]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A new wallet never replaces an old one.
    #[error("{} exists already; a wallet is never overwritten", .0.display())]
    Exists(PathBuf),
    /// The file holds no private key.
    #[error("{}: {source}", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong with the key.
        source: x402::SignatureError,
    },
    /// The file is no keystore, or the password is not the keystore's.
    #[error("{}: {reason}", path.display())]
    Keystore {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The system gave no random bytes.
    #[error("no random bytes from the system: {0}")]
    Entropy(getrandom::Error),
}

impl Wallet {
    /// A wallet over a key at hand.
    #[must_use]
    pub const fn new(key: SigningKey) -> Self {
        Self { key }
    }

    /// Signs, as a payee, which key signs receipts for it.
    #[must_use]
    pub fn delegate(&self, statement: ReceiptKey, network: Network) -> Signed<ReceiptKey> {
        Signed::sign(statement, network, &self.key)
    }

    /// Reads a file of 64 hexadecimal digits, with or without `0x`.
    ///
    /// # Errors
    /// [`WalletError`] when the file is unreadable, open to other users, or not a key.
    pub fn from_key_file(path: &Path) -> Result<Self, WalletError> {
        let text = read_private(path)?;
        let key = text.parse().map_err(|source| WalletError::Key { path: path.to_owned(), source })?;
        Ok(Self { key })
    }

    /// Makes a key and writes it to a new file of mode 0600.
    ///
    /// # Errors
    /// [`WalletError`] when the file exists or cannot be written.
    pub fn create_key_file(path: &Path) -> Result<Self, WalletError> {
        let wallet = Self::generate()?;
        let mut file = create_wallet(path)?;
        let digits = Zeroizing::new(hex::encode(wallet.key.to_bytes()));
        let written = writeln!(file, "0x{}", *digits).and_then(|()| file.sync_all());
        written.map_err(|source| WalletError::Io { path: path.to_owned(), source })?;
        Ok(wallet)
    }

    /// A wallet with a new random key, which lives as long as the value.
    ///
    /// # Errors
    /// [`WalletError::Entropy`] when the system has no random bytes.
    pub fn generate() -> Result<Self, WalletError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        loop {
            getrandom::fill(bytes.as_mut()).map_err(WalletError::Entropy)?;
            // All but 2^-128 of the draws are keys.
            if let Ok(key) = SigningKey::from_bytes(&bytes) {
                return Ok(Self { key });
            }
        }
    }

    /// The account that pays.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.key.address()
    }

    /// Signs a transfer.
    #[must_use]
    pub fn sign(&self, authorization: Authorization, asset: &Asset) -> ExactPayload {
        authorization.sign(asset, &self.key)
    }

    /// The key itself, for what is more than a payment.
    #[must_use]
    pub fn into_key(self) -> SigningKey {
        self.key
    }

    pub(crate) const fn key(&self) -> &SigningKey {
        &self.key
    }
}

/// Reads a secret, unless other users of the machine can.
///
/// # Errors
/// [`WalletError::Io`] or [`WalletError::OpenToOthers`].
pub fn read_private(path: &Path) -> Result<Zeroizing<String>, WalletError> {
    let failed = |source| WalletError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(WalletError::OpenToOthers { path: path.to_owned(), mode });
    }
    io::read_to_string(file).map(Zeroizing::new).map_err(failed)
}

/// Creates the file of a new wallet.
pub(crate) fn create_wallet(path: &Path) -> Result<File, WalletError> {
    files::create_new(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => WalletError::Exists(path.to_owned()),
        _ => WalletError::Io { path: path.to_owned(), source },
    })
}
