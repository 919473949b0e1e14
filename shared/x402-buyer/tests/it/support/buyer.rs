use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::process::{Child, Command};
use x402::Network;
use x402_buyer::{PayingClient, Policy, SpendLedger, Wallet};

/// A buyer with a folder of its own and a key that owns nothing.
pub(crate) struct Buyer {
    folder: TempDir,
    wallet: Wallet,
}

impl Buyer {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), wallet: Wallet::generate().unwrap() }
    }

    pub(crate) fn with_wallet(wallet: Wallet) -> Self {
        Self { folder: TempDir::new().unwrap(), wallet }
    }

    pub(crate) fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn ledger(&self) -> SpendLedger {
        SpendLedger::open(&self.ledger_file()).await.unwrap()
    }

    pub(crate) fn ledger_file(&self) -> PathBuf {
        self.folder().join("buyer.db")
    }

    /// The usual policy, with patience for a test.
    pub(crate) fn policy() -> Policy {
        Policy { patience: Duration::from_secs(5), ..Policy::new(Network::BaseSepolia) }
    }

    pub(crate) async fn client(&self) -> PayingClient {
        self.client_with(Self::policy()).await
    }

    pub(crate) async fn client_with(&self, policy: Policy) -> PayingClient {
        PayingClient::new(self.wallet.clone(), self.ledger().await, policy).unwrap()
    }

    /// How many payments the ledger knows.
    pub(crate) async fn signed(&self) -> usize {
        self.ledger().await.history(1000).await.unwrap().len()
    }
}

/// The `buyer` program with a folder and a wallet of its own.
pub(crate) struct BuyerProcess {
    folder: TempDir,
}

impl BuyerProcess {
    pub(crate) async fn new() -> Self {
        let buyer = Self::without_wallet();
        assert!(buyer.run(&["wallet", "new"]).await.status.success());
        buyer
    }

    pub(crate) fn without_wallet() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn ledger(&self) -> SpendLedger {
        SpendLedger::open(&self.folder().join("buyer.db")).await.unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_buyer"));
        command.args(arguments).env_clear().env("BUYER_DATA", self.folder()).env("BUYER_PATIENCE", "5");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().await.unwrap()
    }
}
