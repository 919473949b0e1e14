//! Keys at rest under a password: the Web3 Secret Storage format that geth, foundry and others read.

use std::{fs, path::Path};

use eth_keystore::{EthKeystore, KdfparamsType};
use rand::rngs::OsRng;
use x402::{SignatureError, SigningKey};
use zeroize::Zeroizing;

use crate::{
    Wallet, WalletError,
    wallet::{create_wallet, read_private},
};

/// The least that AES-128 and its check value take from the derived key.
const DERIVED_BYTES: u8 = 32;
const IV_BYTES: usize = 16;

impl Wallet {
    /// Decrypts a keystore file.
    ///
    /// # Errors
    /// [`WalletError`] when the file is unreadable, open to other users, no keystore, or of another password.
    pub fn from_keystore(path: &Path, password: &str) -> Result<Self, WalletError> {
        let failed = |reason: String| WalletError::Keystore { path: path.to_owned(), reason };
        check_form(&read_private(path)?).map_err(failed)?;
        let secret = eth_keystore::decrypt_key(path, password).map_err(|error| failed(reason(&error)))?;
        let secret = Zeroizing::new(secret);
        let bytes = secret.as_slice().try_into().map(Zeroizing::new);
        let key =
            bytes.map_err(|_| SignatureError::InvalidKey).and_then(|bytes| SigningKey::from_bytes(&bytes));
        key.map(Self::new).map_err(|source| WalletError::Key { path: path.to_owned(), source })
    }

    /// Makes a key and writes it, encrypted, to a new file of mode 0600.
    ///
    /// # Errors
    /// [`WalletError`] when the file exists or cannot be written.
    pub fn create_keystore(path: &Path, password: &str) -> Result<Self, WalletError> {
        let failed = |reason: String| WalletError::Keystore { path: path.to_owned(), reason };
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str()))
        else {
            return Err(failed("not the path of a file".to_owned()));
        };
        let wallet = Self::generate()?;
        // The keystore crate writes with the process's default mode; a file that exists keeps its own.
        create_wallet(path)?;
        let secret = wallet.key().to_bytes();
        eth_keystore::encrypt_key(folder, &mut OsRng, secret.as_slice(), password, Some(name)).map_err(
            |error| {
                // Nothing is lost with it: the key was written nowhere and owns nothing yet.
                let _ = fs::remove_file(path);
                failed(reason(&error))
            },
        )?;
        Ok(wallet)
    }
}

/// Refuses what the keystore crate would index out of bounds.
fn check_form(json: &str) -> Result<(), String> {
    let keystore: EthKeystore =
        serde_json::from_str(json).map_err(|error| format!("not a keystore: {error}"))?;
    let derived = match keystore.crypto.kdfparams {
        KdfparamsType::Pbkdf2 { dklen, .. } | KdfparamsType::Scrypt { dklen, .. } => dklen,
    };
    if derived < DERIVED_BYTES || keystore.crypto.cipherparams.iv.len() != IV_BYTES {
        return Err("not a keystore: the derived key or the initial vector is too short".to_owned());
    }
    Ok(())
}

fn reason(error: &eth_keystore::KeystoreError) -> String {
    match error {
        eth_keystore::KeystoreError::MacMismatch => "the password is not this keystore's".to_owned(),
        other => other.to_string(),
    }
}
