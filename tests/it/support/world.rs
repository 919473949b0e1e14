use std::time::Duration;

use devnet::{BlockTime, Devnet, FaultProxy, Options};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use x402::{
    Address, BindSalt, Extensions, PaymentId, PaymentNonce, PaymentRequired, RequestParts, SigningKey,
};

use super::{
    answer::Answer,
    eventually, random,
    service::{Service, Setting, environment},
    signed::{Signed, sign_with},
};

/// A chain with the two-route service on it.
pub(crate) struct World {
    pub(crate) chain: Devnet,
    pub(crate) service: Service,
    pub(crate) http: Client,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with_block_time(seconds: u64) -> Self {
        Self::with(Options { block_time: BlockTime::Seconds(seconds), ..Options::default() }).await
    }

    async fn with(options: Options) -> Self {
        Self::set(Devnet::start(options).await.expect("a chain"), Vec::new()).await
    }

    /// A service with settings besides the usual ones.
    pub(crate) async fn with_settings(settings: &[(&'static str, &str)]) -> Self {
        Self::set(chain().await, owned(settings)).await
    }

    /// The same on a chain whose blocks are made by hand.
    pub(crate) async fn by_hand(settings: &[(&'static str, &str)]) -> Self {
        let rarely = Options { block_time: BlockTime::Seconds(86_400), ..Options::default() };
        Self::set(Devnet::start(rarely).await.expect("a chain"), owned(settings)).await
    }

    /// A service whose way to the chain has faults.
    pub(crate) async fn behind(faults: &str) -> (Self, FaultProxy) {
        let chain = chain().await;
        let faults = faults.parse().expect("faults");
        let proxy = FaultProxy::start(chain.rpc_url(), faults).expect("a proxy");
        let environment = environment(&chain, proxy.url(), 0);
        (Self::with_environment(chain, environment).await, proxy)
    }

    /// A service that sells from channels too, by the key of a signer account, with more settings.
    pub(crate) async fn with_channels(settings: &[(&'static str, &str)]) -> Self {
        Self::with_channels_on(Options::default(), settings).await
    }

    /// The same on a chain of one's own making.
    pub(crate) async fn with_channels_on(options: Options, settings: &[(&'static str, &str)]) -> Self {
        let chain = Devnet::start(options).await.expect("a chain");
        let key = ("CHANNEL_KEY", hex::encode(chain.signer(5).private_key));
        Self::set(chain, [vec![key], owned(settings)].concat()).await
    }

    /// A service that sells from channels too, and whose way to the chain has faults.
    pub(crate) async fn with_channels_behind(faults: &str) -> (Self, FaultProxy) {
        let chain = chain().await;
        let proxy = FaultProxy::start(chain.rpc_url(), faults.parse().expect("faults")).expect("a proxy");
        let mut environment = environment(&chain, proxy.url(), 0);
        environment.push(("CHANNEL_KEY", hex::encode(chain.signer(5).private_key)));
        (Self::with_environment(chain, environment).await, proxy)
    }

    /// A service without a signer, that settles through a facilitator.
    pub(crate) async fn with_facilitator(chain: Devnet, url: String) -> Self {
        Self::set(chain, vec![("FACILITATOR_URL", url)]).await
    }

    /// A service that gives back from the account of a buyer.
    pub(crate) async fn refunding(wallet: usize, daily_budget: &str) -> Self {
        let chain = chain().await;
        let key = hex::encode(chain.buyer(wallet).private_key);
        Self::set(chain, vec![("REFUND_KEY", key), ("REFUND_BUDGET", daily_budget.to_owned())]).await
    }

    async fn set(chain: Devnet, settings: Vec<Setting>) -> Self {
        let usual = environment(&chain, chain.rpc_url().to_owned(), 0);
        Self::with_environment(chain, [usual, settings].concat()).await
    }

    pub(crate) async fn with_environment(chain: Devnet, environment: Vec<Setting>) -> Self {
        Self { service: Service::start(environment).await, chain, http: client() }
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
        let chain = chain().await;
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

    /// Sends a payment until it is answered for.
    pub(crate) async fn insist(
        &self,
        service: &Service,
        target: &str,
        body: &Value,
        payment: &Signed,
    ) -> Answer {
        eventually(async || Answer::of(self.post_to(service, target, body, payment)).await.for_good()).await
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
        eventually(async || {
            let status = self.status(id).await;
            if wanted(&status) { Ok(status) } else { Err(format!("the payment stays {status}")) }
        })
        .await
    }
}

async fn chain() -> Devnet {
    Devnet::start(Options::default()).await.expect("a chain")
}

fn owned(settings: &[(&'static str, &str)]) -> Vec<Setting> {
    settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

fn client() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client")
}
