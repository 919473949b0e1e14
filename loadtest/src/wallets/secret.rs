use std::{fmt, path::Path};

use bip32::{DerivationPath, XPrv};
use bip39::Mnemonic;
use x402::SigningKey;
use x402_buyer::{Wallet, WalletError, read_private};
use zeroize::Zeroizing;

/// Ethereum's accounts (BIP-44): the first one holds the money and pays the gas, the next ones buy.
const ACCOUNTS: &str = "m/44'/60'/0'/0";

/// What all accounts of a load test are derived from. Its `Debug` shows nothing of it.
pub struct Secret {
    branch: XPrv,
    funder: SigningKey,
}

/// Why there are no accounts.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file.
    #[error(transparent)]
    File(#[from] WalletError),
    /// Neither a mnemonic nor a key.
    #[error("{0} holds neither a mnemonic (BIP-39, English) nor a private key of 64 hexadecimal digits")]
    Content(String),
    /// The derivation has no key at a number, which happens once in 2^127.
    #[error("account {0} cannot be derived")]
    Derivation(u32),
}

impl Secret {
    /// Reads a mnemonic or a private key from a file that only its owner can read.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn from_file(path: &Path) -> Result<Self, SecretError> {
        let text = read_private(path)?;
        let text = text.trim();
        if text.contains(' ') {
            let invalid = || SecretError::Content(path.display().to_string());
            return Self::from_phrase(text).ok_or_else(invalid)?;
        }
        let key = text.parse().map_err(|_| SecretError::Content(path.display().to_string()))?;
        Self::from_key(key)
    }

    /// Decrypts a keystore.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn from_keystore(path: &Path, password: &str) -> Result<Self, SecretError> {
        Self::from_key(Wallet::from_keystore(path, password)?.into_key())
    }

    /// A key that holds the money itself; the buyers are derived with it as the seed (BIP-32).
    ///
    /// # Errors
    /// [`SecretError::Derivation`].
    pub fn from_key(funder: SigningKey) -> Result<Self, SecretError> {
        let seed = funder.to_bytes();
        Ok(Self { branch: branch(&*seed)?, funder })
    }

    fn from_phrase(phrase: &str) -> Option<Result<Self, SecretError>> {
        let seed = Zeroizing::new(phrase.parse::<Mnemonic>().ok()?.to_seed(""));
        let derived = branch(&*seed);
        Some(derived.and_then(|branch| Ok(Self { funder: account(&branch, 0)?, branch })))
    }

    /// Who funds the buyers, pays the gas for that, and gets back what they have left.
    #[must_use]
    pub const fn funder(&self) -> &SigningKey {
        &self.funder
    }

    /// The first buyers.
    ///
    /// # Errors
    /// [`SecretError::Derivation`].
    pub fn buyers(&self, count: u32) -> Result<Vec<Wallet>, SecretError> {
        (1..=count).map(|number| account(&self.branch, number).map(Wallet::new)).collect()
    }
}

fn branch(seed: &[u8]) -> Result<XPrv, SecretError> {
    let path: DerivationPath = ACCOUNTS.parse().map_err(|_| SecretError::Derivation(0))?;
    XPrv::derive_from_path(seed, &path).map_err(|_| SecretError::Derivation(0))
}

fn account(branch: &XPrv, number: u32) -> Result<SigningKey, SecretError> {
    let failed = || SecretError::Derivation(number);
    let child = bip32::ChildNumber::new(number, false).and_then(|child| branch.derive_child(child));
    let bytes = Zeroizing::new(child.map_err(|_| failed())?.to_bytes());
    SigningKey::from_bytes(&bytes).map_err(|_| failed())
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("funder", &self.funder.address()).finish_non_exhaustive()
    }
}
