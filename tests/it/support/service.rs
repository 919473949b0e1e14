use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use devnet::{Account, Devnet};
use tempfile::TempDir;
use x402::PaymentId;

use super::{binary, eventually, written};

/// An environment variable.
pub(crate) type Setting = (&'static str, String);

/// A service in a process of its own, with a folder that outlives it.
pub(crate) struct Service {
    pub(crate) origin: String,
    folder: TempDir,
    environment: Vec<Setting>,
    process: Process,
}

/// Ends with its test.
struct Process(Child);

impl Service {
    pub(super) async fn start(environment: Vec<Setting>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let (process, address) = launch(folder.path(), &environment).await;
        Self { origin: format!("http://{address}"), folder, environment, process }
    }

    /// SIGKILL, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.process.0.kill().expect("the process was there");
        self.process.0.wait().expect("it ended");
    }

    /// A signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.0.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("kill runs");
        assert!(sent.success(), "the process is there");
    }

    /// Waits until the handler has begun to work for a payment.
    pub(crate) async fn has_begun(&self, id: PaymentId) {
        eventually(async || match self.runs(id) {
            0 => Err("the handler does not begin".to_owned()),
            _ => Ok(()),
        })
        .await;
    }

    /// Waits until the process has ended by itself.
    pub(crate) async fn has_died(&mut self) {
        let process = &mut self.process.0;
        eventually(async || match process.try_wait().expect("a process") {
            None => Err("the service goes on".to_owned()),
            Some(_) => Ok(()),
        })
        .await;
    }

    /// Every move that a payment made, as `from to`.
    pub(crate) fn moves(&self) -> BTreeSet<String> {
        let notes = fs::read_to_string(self.folder.path().join("moves")).unwrap_or_default();
        notes.lines().map(str::to_owned).collect()
    }

    /// Changes a setting, from the next start on.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.to_owned()));
    }

    /// Starts again on the same ledger, at the same address.
    pub(crate) async fn restart(&mut self) {
        let listen = ("LISTEN", self.origin.trim_start_matches("http://").to_owned());
        let environment: Vec<_> = self.environment.iter().cloned().chain([listen]).collect();
        self.process = launch(self.folder.path(), &environment).await.0;
    }

    /// Whether any handler ever ran.
    pub(crate) fn ran(&self) -> bool {
        self.folder.path().join("runs").exists()
    }

    /// How often the handler began to work for a payment, over all processes.
    pub(crate) fn runs(&self, id: PaymentId) -> usize {
        let runs = fs::read_to_string(self.folder.path().join("runs")).unwrap_or_default();
        runs.lines().filter(|line| *line == id.to_string()).count()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn launch(folder: &Path, environment: &[Setting]) -> (Process, String) {
    let ready = folder.join("ready");
    let _ = fs::remove_file(&ready);
    let process = Command::new(binary("two-routes"))
        .env("DATABASE_URL", format!("sqlite://{}", folder.join("ledger.db").display()))
        .env("RUNS_FILE", folder.join("runs"))
        .env("MOVES_FILE", folder.join("moves"))
        .env("READY_FILE", &ready)
        .envs(environment.iter().cloned())
        .stdin(Stdio::null())
        .spawn()
        .map(Process)
        .expect("the test service starts");
    (process, written(&ready).await)
}

pub(crate) fn environment(chain: &Devnet, rpc_url: String, signer: usize) -> Vec<Setting> {
    vec![
        ("RPC_URL", rpc_url),
        ("PAY_TO", chain.pay_to().rng.to_string()),
        ("SIGNER_KEY", hex::encode(chain.signer(signer).private_key)),
        ("PAY_TO_KEY", hex::encode(payee(chain).private_key)),
    ]
}

/// Who the service sells for.
pub(crate) fn payee(chain: &Devnet) -> &Account {
    let payee = chain.pay_to().rng;
    chain.accounts().iter().find(|account| account.address == payee).expect("an account of the devnet")
}
