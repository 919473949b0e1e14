use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Output, Stdio},
};

use devnet::Devnet;
use tempfile::TempDir;

use super::binary;

/// The `buyer` command, with the wallet of one of the chain's buyers and books of its own.
pub(crate) struct BuyerCommand {
    folder: TempDir,
    rpc_url: String,
    environment: Vec<(String, String)>,
}

impl BuyerCommand {
    pub(crate) fn new(chain: &Devnet, buyer: usize) -> Self {
        let folder = TempDir::new().expect("a folder");
        let (secret, file) = (chain.buyer(buyer).private_key, folder.path().join("buyer.key"));
        fs::write(&file, secret.to_string()).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("private");
        Self { folder, rpc_url: chain.rpc_url().to_owned(), environment: Vec::new() }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let mut buyer = tokio::process::Command::new(binary("buyer"));
        buyer.env_clear().stdin(Stdio::null()).kill_on_drop(true).current_dir(self.folder.path());
        buyer.env("BUYER_NETWORK", "devnet").env("BUYER_RPC_URL", &self.rpc_url);
        buyer.env("BUYER_KEY_FILE", "buyer.key").env("BUYER_DATA", "data");
        buyer.envs(self.environment.iter().cloned());
        buyer.args(arguments).output().await.expect("the buyer runs")
    }

    /// A file in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
