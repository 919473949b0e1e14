//! A service in a process of its own, as its operator sees it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses what it needs")]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use x402::{
    Authorization, B256, Network, PaymentNonce, PaymentPayload, PaymentRequired, ReceiptKey, Signed,
    SigningKey, decode_header, encode_header,
};

/// How long anything may take that is waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// A private key that everybody knows: account 4 of the public test mnemonic, a signer of the devnet.
pub const SIGNER: &str = "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a";
/// Account 1 of the same mnemonic, a payee.
pub const PAY_TO: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/// Its key, which everybody knows.
const PAY_TO_KEY: &str = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
/// Nothing listens here.
pub const NOWHERE: &str = "http://127.0.0.1:1";

/// A program about to be started, in an empty folder and an empty environment.
pub struct Program {
    path: PathBuf,
    pub folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl Program {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { path: path.into(), folder, environment: Vec::new(), arguments: Vec::new() }
    }

    /// With what every service needs to start on a network; its RPC answers or not.
    pub fn on(self, network: &str, rpc_url: &str) -> Self {
        let signer = self.file("signer.key", SIGNER);
        let program = self.env("X402_NETWORK", network).env("X402_RPC_URL", rpc_url);
        let program = program.env("X402_SIGNER_KEY_FILE", &signer).env("LOG_FORMAT", "json");
        program.arg("--listen=127.0.0.1:0").arg("--admin-listen=127.0.0.1:0")
    }

    /// With an origin, and a receipt key that the payee named for it: what a public network takes.
    pub fn signing(self, network: Network) -> Self {
        let payee: SigningKey = PAY_TO_KEY.parse().expect("a key");
        let receipts = SigningKey::from_bytes(&[0x5e; 32]).expect("a key");
        let origin = "https://seller.example".to_owned();
        let statement =
            ReceiptKey { key: receipts.address(), origin, not_before: 0, not_after: u64::from(u32::MAX) };
        let statement = Signed::sign(statement, network, &payee);
        let key = self.file("receipt.key", &"5e".repeat(32));
        let delegation = self.file("receipt.json", &serde_json::to_string(&statement).expect("JSON"));
        let program = self.env("X402_RECEIPT_KEY_FILE", &key);
        program.env("X402_RECEIPT_DELEGATION_FILE", &delegation).arg("--public-url=https://seller.example")
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Writes a file that only its owner reads, and gives its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
        path.display().to_string()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.env_clear().envs(self.environment.iter().cloned()).args(&self.arguments);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs it to its end: for what is not supposed to serve.
    pub fn run(&self) -> Output {
        self.command().output().expect("the program runs")
    }

    /// Starts it, and waits until it listens.
    pub fn start(self) -> Running {
        let mut process = self.command().stderr(Stdio::piped()).spawn().expect("the program starts");
        let log = Log::follow(process.stderr.take().expect("stderr"));
        let [public, admin] = ["public", "admin"].map(|listener| {
            log.wait_for(|line| line["message"] == "listening" && line["listener"] == listener)["url"]
                .as_str()
                .expect("a URL")
                .to_owned()
        });
        Running { process, log, public, admin, folder: self.folder }
    }
}

/// A service that runs; killed when dropped.
pub struct Running {
    process: Child,
    pub log: Log,
    pub public: String,
    pub admin: String,
    pub folder: tempfile::TempDir,
}

impl Running {
    pub async fn get(&self, target: &str) -> reqwest::Response {
        fetch(&format!("{}{target}", self.public)).await
    }

    /// The report of `/readyz`, with its status.
    pub async fn readiness(&self) -> (u16, Value) {
        let answer = fetch(&format!("{}/readyz", self.admin)).await;
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    /// Asks until the report is as wanted.
    pub async fn until_ready(&self, status: u16) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let (now, report) = self.readiness().await;
            if now == status {
                return report;
            }
            assert!(Instant::now() < end, "readiness stays {now}: {report}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("kill runs");
        assert!(sent.success(), "the process is there");
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < end, "the process does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lines of a JSON log; what is no JSON is `{"message": the line}`.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Value>>>);

impl Log {
    fn follow(stderr: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let lines = log.0.clone();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let line =
                    serde_json::from_str(&line).unwrap_or_else(|_| serde_json::json!({ "message": line }));
                lines.lock().expect("a log").push(line);
            }
        });
        log
    }

    /// The first line of a kind, once it is there.
    pub fn wait_for(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let lines = self.0.lock().expect("a log");
            if let Some(line) = lines.iter().find(|line| wanted(line)) {
                return line.clone();
            }
            assert!(Instant::now() < end, "no such line in {lines:#?}");
            drop(lines);
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The header of a payment by `payer` on the offer that an unpaid request got.
pub fn payment(challenge: &reqwest::Response, payer: &SigningKey, nonce: u8) -> String {
    let offer: PaymentRequired =
        decode_header(challenge.headers()["payment-required"].as_bytes()).expect("an offer");
    let accepted = offer.accepts[0].evm().expect("USDC").clone();
    let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let authorization = Authorization {
        from: payer.address(),
        to: accepted.pay_to,
        value: accepted.amount,
        valid_after: now - 600,
        valid_before: now + accepted.max_timeout_seconds,
        nonce: PaymentNonce(B256::repeat_byte(nonce)),
    };
    let payload = authorization.sign(&Network::BaseSepolia.usdc(), payer);
    let payload = serde_json::to_value(payload).expect("JSON");
    let payment = PaymentPayload { x402_version: 2, resource: None, accepted, payload, extensions: None };
    encode_header(&payment).expect("a header")
}

/// Somebody without money, whose payments are good enough to be looked at.
pub fn pauper() -> SigningKey {
    SigningKey::from_bytes(&[7; 32]).expect("a key")
}

pub async fn fetch(url: &str) -> reqwest::Response {
    client().get(url).send().await.expect("an answer")
}

pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client")
}

/// An error as the operator sees it, and the status of the process.
pub fn refusal(output: &Output) -> (i32, String) {
    assert!(output.stdout.is_empty(), "stdout is for data");
    (output.status.code().expect("an exit"), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The mode bits of a file.
pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file").permissions().mode() & 0o777
}
