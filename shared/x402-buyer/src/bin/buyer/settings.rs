//! Settings: a flag goes before the environment, and the environment before the file.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use x402::Address;

use crate::exit::Usage;

/// Everything that can be set, as far as one place sets it.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Settings {
    /// A file of settings (TOML, the long flags as keys, and `[payees]` with the payee to expect by host)
    #[arg(long, env = "BUYER_CONFIG", global = true, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,
    /// The network that is paid on: base, base-sepolia (the default), devnet
    #[arg(long, env = "BUYER_NETWORK", global = true)]
    pub(crate) network: Option<String>,
    /// An RPC node of the network, to check payments and balances
    // Such URLs often carry an API key, which help must not show.
    #[arg(long, env = "BUYER_RPC_URL", hide_env_values = true, global = true, value_name = "URL")]
    pub(crate) rpc_url: Option<String>,
    /// The folder of ledger, budgets and wallet
    #[arg(long, env = "BUYER_DATA", global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The wallet's key in hexadecimal
    #[arg(long, env = "BUYER_KEY_FILE", global = true, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The wallet's key, encrypted
    #[arg(long, env = "BUYER_KEYSTORE", global = true, value_name = "FILE")]
    pub(crate) keystore: Option<PathBuf>,
    /// The keystore's password; without it, it is asked for
    #[arg(long, env = "BUYER_KEYSTORE_PASSWORD_FILE", global = true, value_name = "FILE")]
    pub(crate) keystore_password_file: Option<PathBuf>,
    /// The longest time a signed payment may stay valid
    #[arg(long, env = "BUYER_MAX_TIMEOUT", global = true, value_name = "SECONDS")]
    pub(crate) max_timeout: Option<u64>,
    /// How long to wait for a payment of unclear outcome
    #[arg(long, env = "BUYER_PATIENCE", global = true, value_name = "SECONDS")]
    pub(crate) patience: Option<u64>,
    /// Who must be paid at a host
    #[arg(skip)]
    #[serde(default)]
    pub(crate) payees: BTreeMap<String, Address>,
}

impl Settings {
    /// With the file's settings where nothing goes before them.
    pub(crate) fn with_file(self) -> anyhow::Result<Self> {
        let Some(path) = &self.config else {
            return Ok(self);
        };
        let file = read(path).with_context(|| Usage(format!("settings of {}", path.display())))?;
        Ok(Self {
            network: self.network.or(file.network),
            rpc_url: self.rpc_url.or(file.rpc_url),
            data: self.data.or(file.data),
            key_file: self.key_file.or(file.key_file),
            keystore: self.keystore.or(file.keystore),
            keystore_password_file: self.keystore_password_file.or(file.keystore_password_file),
            max_timeout: self.max_timeout.or(file.max_timeout),
            patience: self.patience.or(file.patience),
            payees: file.payees,
            config: self.config,
        })
    }
}

fn read(path: &Path) -> anyhow::Result<Settings> {
    Ok(toml::from_str(&fs::read_to_string(path)?)?)
}
