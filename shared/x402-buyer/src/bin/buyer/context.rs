//! What the commands work with, made from the settings when it is needed.

use std::{env, path::PathBuf, time::Duration};

use anyhow::{Context as _, bail};
use x402::Network;
use x402_buyer::{Budgets, Chain, PayingClient, Policy, SpendLedger, Wallet, read_private};
use zeroize::Zeroizing;

use crate::{exit::Usage, settings::Settings};

/// The name under which a local chain goes: it has Base Sepolia's id and addresses.
const DEVNET: &str = "devnet";

pub(crate) struct Context {
    settings: Settings,
    data: PathBuf,
    pub(crate) network: Network,
}

/// Where the wallet's key is.
pub(crate) enum KeySource {
    KeyFile(PathBuf),
    Keystore(PathBuf),
}

impl Context {
    pub(crate) fn new(settings: Settings) -> anyhow::Result<Self> {
        let settings = settings.with_file()?;
        let network = match settings.network.as_deref() {
            None | Some(DEVNET) => Network::BaseSepolia,
            Some(name) => name.parse().map_err(|error: x402::NetworkError| Usage(error.to_string()))?,
        };
        let data = settings.data.clone().or_else(default_data);
        let data = data.ok_or_else(|| Usage("no folder for the ledger: set BUYER_DATA".to_owned()))?;
        Ok(Self { settings, data, network })
    }

    pub(crate) async fn ledger(&self) -> anyhow::Result<SpendLedger> {
        Ok(SpendLedger::open(&self.data.join("buyer.db")).await?)
    }

    pub(crate) fn budgets_file(&self) -> PathBuf {
        self.data.join("budgets.toml")
    }

    pub(crate) async fn client(&self) -> anyhow::Result<PayingClient> {
        Ok(PayingClient::new(self.wallet()?, self.ledger().await?, self.policy()?)?)
    }

    /// What this buyer holds to.
    pub(crate) fn policy(&self) -> anyhow::Result<Policy> {
        let mut policy = Policy::new(self.network);
        policy.budgets = Budgets::load(&self.budgets_file())?;
        policy.payees = self.settings.payees.clone();
        if let Some(seconds) = self.settings.max_timeout {
            policy.max_timeout_seconds = seconds;
        }
        if let Some(seconds) = self.settings.patience {
            policy.patience = Duration::from_secs(seconds);
        }
        Ok(policy)
    }

    /// The chain of `network`, where an RPC node is set.
    pub(crate) async fn chain(&self, network: Network) -> anyhow::Result<Option<Chain>> {
        match &self.settings.rpc_url {
            Some(url) => Ok(Some(Chain::connect(url, network).await?)),
            None => Ok(None),
        }
    }

    pub(crate) fn wallet(&self) -> anyhow::Result<Wallet> {
        match self.key_source()? {
            Some(KeySource::KeyFile(path)) => Ok(Wallet::from_key_file(&path)?),
            Some(KeySource::Keystore(path)) => {
                let password = self.password(&format!("Password of {}: ", path.display()))?;
                Ok(Wallet::from_keystore(&path, &password)?)
            }
            None => bail!(Usage(
                "there is no wallet: make one with `buyer wallet new`, or set BUYER_KEY_FILE or BUYER_KEYSTORE".to_owned()
            )),
        }
    }

    /// Where a new wallet of this kind goes.
    pub(crate) fn new_key(&self, encrypted: bool) -> PathBuf {
        let (set, name) = match encrypted {
            true => (&self.settings.keystore, "keystore.json"),
            false => (&self.settings.key_file, "wallet.key"),
        };
        set.clone().unwrap_or_else(|| self.data.join(name))
    }

    /// The keystore's password, from its file or the terminal.
    pub(crate) fn password(&self, prompt: &str) -> anyhow::Result<Zeroizing<String>> {
        match &self.settings.keystore_password_file {
            Some(path) => {
                let text = read_private(path)?;
                Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
            None => {
                let typed = rpassword::prompt_password(prompt);
                let hint = || {
                    Usage("no terminal to ask for the password: set BUYER_KEYSTORE_PASSWORD_FILE".to_owned())
                };
                Ok(Zeroizing::new(typed.with_context(hint)?))
            }
        }
    }

    /// Whether passwords are asked for, so that a new one is asked for twice.
    pub(crate) const fn prompts(&self) -> bool {
        self.settings.keystore_password_file.is_none()
    }

    fn key_source(&self) -> anyhow::Result<Option<KeySource>> {
        match (&self.settings.key_file, &self.settings.keystore) {
            (Some(_), Some(_)) => bail!(Usage("both a key file and a keystore are set: keep one".to_owned())),
            (Some(path), None) => Ok(Some(KeySource::KeyFile(path.clone()))),
            (None, Some(path)) => Ok(Some(KeySource::Keystore(path.clone()))),
            (None, None) => Ok(self.key_at_home()),
        }
    }

    fn key_at_home(&self) -> Option<KeySource> {
        let (plain, encrypted) = (self.new_key(false), self.new_key(true));
        let plain = plain.exists().then_some(KeySource::KeyFile(plain));
        plain.or_else(|| encrypted.exists().then_some(KeySource::Keystore(encrypted)))
    }
}

/// The folder of the XDG base directory specification.
fn default_data() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let share = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(share.join("x402-buyer"))
}
