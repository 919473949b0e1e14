use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::Args;
use loadtest::wallets::Secret;

/// Where the buyers' keys come from. Never from the command line.
#[derive(Args, Debug)]
pub(super) struct WalletArgs {
    /// A file with a mnemonic or a private key, that only its owner can read.
    #[arg(long, env = "LOADTEST_WALLET_FILE", value_name = "FILE", conflicts_with = "keystore")]
    wallet: Option<PathBuf>,
    /// A Web3 Secret Storage keystore; its password is asked for, or read from a file.
    #[arg(long, env = "LOADTEST_KEYSTORE", value_name = "FILE")]
    keystore: Option<PathBuf>,
    /// The file with the keystore's password.
    #[arg(long, value_name = "FILE", requires = "keystore")]
    password_file: Option<PathBuf>,
}

impl WalletArgs {
    /// The secret, where one is named.
    pub(super) fn secret(&self) -> anyhow::Result<Option<Secret>> {
        match (&self.wallet, &self.keystore) {
            (Some(file), _) => Ok(Some(Secret::from_file(file)?)),
            (None, Some(file)) => Ok(Some(Secret::from_keystore(file, &self.password()?)?)),
            (None, None) => Ok(None),
        }
    }

    /// The secret, which must be named.
    pub(super) fn required(&self) -> anyhow::Result<Secret> {
        self.secret()?.context("whose money? give --wallet or --keystore")
    }

    fn password(&self) -> anyhow::Result<String> {
        match &self.password_file {
            None => Ok(rpassword::prompt_password("keystore password: ")?),
            Some(file) => {
                let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
                Ok(text.trim_end_matches(['\n', '\r']).to_owned())
            }
        }
    }
}
