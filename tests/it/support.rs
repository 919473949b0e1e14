//! A chain, a service on it, and a buyer that can be told to cheat.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use devnet::{Account, BlockTime, Devnet, FaultProxy, Options};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use x402::{
    Accept, Address, Authorization, B256, BindSalt, Extensions, Network, PaymentId, PaymentNonce,
    PaymentPayload, PaymentRequired, PaymentRequirements, RequestParts, SettlementResponse, SigningKey, Usdc,
    decode_header, encode_header,
};

/// What the routes of the test service cost.
pub(crate) const PRICE: Usdc = Usdc::from_atomic(10_000);
/// Both flows; most tests hold for each.
pub(crate) const FLOWS: [&str; 2] = ["/authorize", "/upfront"];

const PATIENCE: Duration = Duration::from_secs(20);

/// A chain with the two-route service on it.
pub(crate) struct World {
    pub(crate) chain: Devnet,
    pub(crate) service: Service,
    pub(crate) http: Client,
}

/// A service in a process of its own, with a folder that outlives it.
pub(crate) struct Service {
    pub(crate) origin: String,
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
    process: Process,
}

/// Ends with its test.
struct Process(Child);

/// A payment, about to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) payload: PaymentPayload,
    pub(crate) id: PaymentId,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with_block_time(seconds: u64) -> Self {
        Self::with(Options { block_time: BlockTime::Seconds(seconds), ..Options::default() }).await
    }

    async fn with(options: Options) -> Self {
        let chain = Devnet::start(options).await.expect("a chain");
        let rpc_url = chain.rpc_url().to_owned();
        Self::on(chain, rpc_url).await
    }

    /// A service with settings besides the usual ones.
    pub(crate) async fn with_settings(settings: &[(&'static str, &str)]) -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let mut environment = environment(&chain, chain.rpc_url().to_owned(), 0);
        environment.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self { service: Service::start(environment).await, chain, http: client() }
    }

    /// The same on a chain whose blocks are made by hand.
    pub(crate) async fn by_hand(settings: &[(&'static str, &str)]) -> Self {
        let rarely = Options { block_time: BlockTime::Seconds(86_400), ..Options::default() };
        let chain = Devnet::start(rarely).await.expect("a chain");
        let mut environment = environment(&chain, chain.rpc_url().to_owned(), 0);
        environment.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self { service: Service::start(environment).await, chain, http: client() }
    }

    /// A service whose way to the chain has faults.
    pub(crate) async fn behind(faults: &str) -> (Self, FaultProxy) {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let faults = faults.parse().expect("faults");
        let proxy = FaultProxy::start(chain.rpc_url(), faults).expect("a proxy");
        (Self::on(chain, proxy.url()).await, proxy)
    }

    /// A service that sells from channels too, by the key of a signer account, with more settings.
    pub(crate) async fn with_channels(settings: &[(&'static str, &str)]) -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let mut environment = environment(&chain, chain.rpc_url().to_owned(), 0);
        environment.push(("CHANNEL_KEY", hex::encode(chain.signer(5).private_key)));
        environment.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self { service: Service::start(environment).await, chain, http: client() }
    }

    /// A service without a signer, that settles through a facilitator.
    pub(crate) async fn with_facilitator(chain: Devnet, url: String) -> Self {
        let mut environment = environment(&chain, chain.rpc_url().to_owned(), 0);
        environment.push(("FACILITATOR_URL", url));
        Self { service: Service::start(environment).await, chain, http: client() }
    }

    /// A service that gives back from the account of a buyer.
    pub(crate) async fn refunding(wallet: usize, daily_budget: &str) -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let mut environment = environment(&chain, chain.rpc_url().to_owned(), 0);
        environment.push(("REFUND_KEY", hex::encode(chain.buyer(wallet).private_key)));
        environment.push(("REFUND_BUDGET", daily_budget.to_owned()));
        Self::with_environment(chain, environment).await
    }

    pub(crate) async fn with_environment(chain: Devnet, environment: Vec<(&'static str, String)>) -> Self {
        Self { service: Service::start(environment).await, chain, http: client() }
    }

    async fn on(chain: Devnet, rpc_url: String) -> Self {
        let service = Service::start(environment(&chain, rpc_url, 0)).await;
        Self { chain, service, http: client() }
    }

    /// A service on a database, and a replica of it: another process, with a signer of its own, behind the same public URL.
    pub(crate) async fn replicated(database_url: &str) -> (Self, Service) {
        Self::replicated_over(database_url, false).await
    }

    /// The same, selling from channels too.
    pub(crate) async fn replicated_with_channels(database_url: &str) -> (Self, Service) {
        Self::replicated_over(database_url, true).await
    }

    async fn replicated_over(database_url: &str, channels: bool) -> (Self, Service) {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let on_database = |signer| {
            let mut environment = environment(&chain, chain.rpc_url().to_owned(), signer);
            environment.push(("DATABASE_URL", database_url.to_owned()));
            if channels {
                environment.push(("CHANNEL_KEY", hex::encode(chain.signer(5).private_key)));
            }
            environment
        };
        let service = Service::start(on_database(0)).await;
        let public_url = ("PUBLIC_URL", service.origin.clone());
        let replica = Service::start([on_database(1), vec![public_url]].concat()).await;
        (Self { chain, service, http: client() }, replica)
    }

    pub(crate) fn buyer(&self, index: usize) -> SigningKey {
        SigningKey::from_bytes(&self.chain.buyer(index).private_key.0).expect("a key")
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("{}{target}", self.service.origin)
    }

    pub(crate) async fn earned(&self) -> u64 {
        self.balance(self.chain.pay_to().rng).await
    }

    pub(crate) async fn balance(&self, account: Address) -> u64 {
        self.chain.balance_of(account).await.expect("a balance").to()
    }

    /// Asks for the price, as a client does.
    pub(crate) async fn offer(&self, method: &str, target: &str) -> PaymentRequired {
        let method = method.parse().expect("a method");
        let answer = Answer::of(self.http.request(method, self.url(target))).await;
        assert_eq!(answer.status, 402, "{target} is for sale");
        answer.offer()
    }

    /// Asks for the price of a POST of JSON.
    pub(crate) async fn offer_for(&self, target: &str, body: &Value) -> PaymentRequired {
        let answer = Answer::of(self.http.post(self.url(target)).json(body)).await;
        assert_eq!(answer.status, 402, "{target} is for sale");
        answer.offer()
    }

    /// A payment of a buyer for a POST of JSON, bound to it.
    pub(crate) async fn sign(&self, buyer: usize, target: &str, body: &Value) -> Signed {
        self.sign_as(&self.buyer(buyer), target, body).await
    }

    pub(crate) async fn sign_as(&self, buyer: &SigningKey, target: &str, body: &Value) -> Signed {
        let offer = self.offer_for(target, body).await;
        let body = body.to_string();
        let request = RequestParts {
            method: "POST",
            origin: &self.service.origin,
            target,
            body: body.as_bytes(),
            content_type: "application/json",
            accept: "*/*",
        };
        let salt = BindSalt(random());
        let mut extensions = Extensions::new();
        salt.attach(&mut extensions);
        sign_with(buyer, &offer, salt.nonce(request.hash()), Some(extensions))
    }

    /// A payment with a random nonce, as stock clients make them.
    pub(crate) async fn sign_plain(&self, buyer: usize, method: &str, target: &str) -> Signed {
        let offer = self.offer(method, target).await;
        sign_with(&self.buyer(buyer), &offer, PaymentNonce(random()), None)
    }

    /// A POST with a payment.
    pub(crate) fn post(&self, target: &str, body: &Value, payment: &Signed) -> RequestBuilder {
        self.post_to(&self.service, target, body, payment)
    }

    /// The same to a replica.
    pub(crate) fn post_to(
        &self,
        service: &Service,
        target: &str,
        body: &Value,
        payment: &Signed,
    ) -> RequestBuilder {
        self.http
            .post(format!("{}{target}", service.origin))
            .header("accept", "*/*")
            .header("content-type", "application/json")
            .header("payment-signature", payment.header())
            .body(body.to_string())
    }

    pub(crate) async fn pay(&self, target: &str, body: &Value, payment: &Signed) -> Answer {
        Answer::of(self.post(target, body, payment)).await
    }

    pub(crate) async fn status(&self, id: PaymentId) -> Value {
        Answer::of(self.http.get(self.url(&format!("/payments/{id}")))).await.json()
    }

    /// The same of a service that may be gone.
    pub(crate) async fn try_status(&self, id: PaymentId) -> Option<Value> {
        self.http.get(self.url(&format!("/payments/{id}"))).send().await.ok()?.json().await.ok()
    }

    /// Makes blocks, while transactions wait for one.
    pub(crate) async fn mine_what_waits(&self) -> ! {
        loop {
            let pool: Value = self.chain.rpc("txpool_status", json!([])).await.expect("a pool");
            if pool["pending"] != "0x0" {
                self.chain.mine().await.expect("a block");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Looks at a payment until it is as wanted.
    pub(crate) async fn until(&self, id: PaymentId, wanted: impl Fn(&Value) -> bool) -> Value {
        let patience = Instant::now() + PATIENCE;
        loop {
            let status = self.status(id).await;
            if wanted(&status) {
                return status;
            }
            assert!(Instant::now() < patience, "the payment stays {status}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

pub(crate) fn environment(chain: &Devnet, rpc_url: String, signer: usize) -> Vec<(&'static str, String)> {
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

fn client() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client")
}

impl Service {
    async fn start(environment: Vec<(&'static str, String)>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let (process, address) = launch(folder.path(), &environment).await;
        Self { origin: format!("http://{address}"), folder, environment, process }
    }

    /// SIGKILL, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.process.0.kill().expect("the process was there");
        self.process.0.wait().expect("it ended");
    }

    /// Waits until the process has ended by itself.
    pub(crate) async fn has_died(&mut self) {
        let patience = Instant::now() + PATIENCE;
        while self.process.0.try_wait().expect("a process").is_none() {
            assert!(Instant::now() < patience, "the service goes on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
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

async fn launch(folder: &Path, environment: &[(&'static str, String)]) -> (Process, String) {
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
    let patience = Instant::now() + PATIENCE;
    loop {
        if let Ok(address) = fs::read_to_string(&ready)
            && !address.is_empty()
        {
            return (process, address);
        }
        assert!(Instant::now() < patience, "the test service never got ready");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A program of this workspace, built before the tests.
pub(crate) fn binary(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("a path");
    let target = tests.parent().and_then(Path::parent).expect("target/debug/deps");
    let path = target.join(name);
    assert!(
        path.exists(),
        "{} is missing: run `make test`, or `cargo build --workspace --bins`",
        path.display()
    );
    path
}

impl Signed {
    pub(crate) fn new(
        key: &SigningKey,
        accepted: PaymentRequirements,
        authorization: Authorization,
        extensions: Option<Extensions>,
    ) -> Self {
        let asset = Network::BaseSepolia.usdc();
        let exact = authorization.sign(&asset, key);
        let payload = PaymentPayload {
            x402_version: 2,
            resource: None,
            accepted,
            payload: serde_json::to_value(exact).expect("serializes"),
            extensions,
        };
        Self { payload, id: authorization.key(&asset).id() }
    }

    pub(crate) fn header(&self) -> String {
        encode_header(&self.payload).expect("encodes")
    }
}

fn sign_with(
    key: &SigningKey,
    offer: &PaymentRequired,
    nonce: PaymentNonce,
    extensions: Option<Extensions>,
) -> Signed {
    let accepted = offer.accepts.iter().find_map(Accept::evm).expect("an offer we can pay").clone();
    let authorization = authorization(key.address(), &accepted, nonce);
    Signed::new(key, accepted, authorization, extensions)
}

/// What a stock client authorizes for an offer.
pub(crate) fn authorization(
    from: Address,
    offer: &PaymentRequirements,
    nonce: PaymentNonce,
) -> Authorization {
    Authorization {
        from,
        to: offer.pay_to,
        value: offer.amount,
        valid_after: now() - 600,
        valid_before: now() + offer.max_timeout_seconds,
        nonce,
    }
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        Self::read(request.send().await.expect("an answer")).await
    }

    pub(crate) async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.bytes().await.expect("a body").to_vec() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&self.body)))
    }

    /// The offer that a 402 makes.
    pub(crate) fn offer(&self) -> PaymentRequired {
        decode_header(self.headers["payment-required"].as_bytes()).expect("an offer")
    }

    /// The settlement that the answer announces.
    pub(crate) fn settlement(&self) -> SettlementResponse {
        let header = self.headers.get("payment-response").expect("PAYMENT-RESPONSE");
        decode_header(header.as_bytes()).expect("a settlement")
    }

    /// The reason that the answer gives, in its settlement, its offer or its problem.
    pub(crate) fn reason(&self) -> String {
        let body = self.json();
        if let Some(reason) = body["reason"].as_str() {
            return reason.to_owned();
        }
        if self.headers.contains_key("payment-response") {
            return self.settlement().error_reason.map(|reason| reason.to_string()).unwrap_or_default();
        }
        body["error"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) fn random() -> B256 {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).expect("entropy");
    bytes.into()
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}
