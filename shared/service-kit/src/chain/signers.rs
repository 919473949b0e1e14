//! The keys that send settlements. They cannot be made up where they are missing: their accounts need ETH.

use std::{fs, path::Path};

use x402::SigningKey;
use zeroize::Zeroizing;

use crate::{
    Deployment, StartError,
    args::ChainArgs,
    keygen,
    keys::{KeyFile, KeyFileError},
};

/// Reads every key that the configuration names.
pub(super) fn load(program: &str, args: &ChainArgs) -> Result<Vec<SigningKey>, StartError> {
    if let Some(keystore) = &args.signer_keystore {
        return from_keystore(keystore, args.signer_keystore_password_file.as_deref()).map(|key| vec![key]);
    }
    if !args.has_signer() {
        return Err(StartError::config(
            "nobody can settle: there is no signer",
            format!("set --signer-key-file or X402_SIGNER_KEY_FILE; {}", where_from(program, args, None)),
        ));
    }
    args.key_files().iter().map(|file| from_file(program, args, file)).collect()
}

fn from_file(program: &str, args: &ChainArgs, file: &KeyFile) -> Result<SigningKey, StartError> {
    let secret =
        file.read().map_err(|error| error.with_hint(|path| where_from(program, args, Some(path))))?;
    let malformed = |_| KeyFileError::Malformed(file.path().to_owned()).with_hint(|_| String::new());
    SigningKey::from_bytes(&secret).map_err(malformed)
}

/// Reads the key of channels. Like a signer's it cannot be made up: its account pays for claims and refunds.
pub(crate) fn channel_key(file: &KeyFile) -> Result<SigningKey, StartError> {
    let hint = |_: &Path| {
        "X402_CHANNEL_KEY_FILE names the secret key of an account with ETH; without it no channels are offered".to_owned()
    };
    let secret = file.read().map_err(|error| error.with_hint(hint))?;
    let malformed = |_| KeyFileError::Malformed(file.path().to_owned()).with_hint(|_| String::new());
    SigningKey::from_bytes(&secret).map_err(malformed)
}

/// How one comes by a signer's key.
fn where_from(program: &str, args: &ChainArgs, path: Option<&Path>) -> String {
    let path = path.unwrap_or(Path::new("data/signer.key"));
    match args.network {
        Deployment::Devnet => format!(
            "`devnet up --ready-file FILE` lists accounts with ETH, of which 4 to 9 are signers: write the private_key of one into {}",
            path.display()
        ),
        Deployment::Base | Deployment::BaseSepolia => {
            format!("{} makes one; then send its address ETH for gas", keygen::command(program, path))
        }
    }
}

fn from_keystore(keystore: &Path, password_file: Option<&Path>) -> Result<SigningKey, StartError> {
    let unusable = |path: &Path, error: &dyn std::fmt::Display| {
        StartError::config(format!("{}: {error}", path.display()), "check the keystore and its password file")
    };
    let password_file = password_file.ok_or_else(|| {
        StartError::config("the keystore has no password", "set --signer-keystore-password-file")
    })?;
    let password = fs::read_to_string(password_file).map_err(|error| unusable(password_file, &error))?;
    let password = Zeroizing::new(password);
    let secret = eth_keystore::decrypt_key(keystore, password.trim_end_matches(['\r', '\n']))
        .map_err(|error| unusable(keystore, &error))?;
    let secret = Zeroizing::new(secret);
    let bytes = <&[u8; 32]>::try_from(secret.as_slice()).map_err(|error| unusable(keystore, &error))?;
    SigningKey::from_bytes(bytes).map_err(|error| unusable(keystore, &error))
}
