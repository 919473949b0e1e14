//! A chain, a proxy before it, and a plain HTTP client.

use std::time::{Duration, Instant};

use alloy_primitives::{Address, U256};
use devnet::{Counts, Devnet, Fault, FaultProxy, Faults, Options};
use reqwest::{Client, RequestBuilder, Response};
use serde::Serialize;
use serde_json::{Value, json};

/// A client that asks the chain through a proxy.
pub(crate) struct Line {
    pub(crate) chain: Devnet,
    pub(crate) proxy: FaultProxy,
    pub(crate) client: Client,
}

/// One without proxies of its own, whose patience ends.
pub(crate) fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap()
}

pub(crate) fn call(id: u64, method: &str, params: impl Serialize) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

impl Line {
    pub(crate) async fn with(faults: &str) -> Self {
        let chain = Devnet::start(Options::default()).await.unwrap();
        let proxy = FaultProxy::start(chain.rpc_url(), faults.parse().unwrap()).unwrap();
        Self { chain, proxy, client: client() }
    }

    pub(crate) fn set(&self, faults: &str) {
        self.proxy.set(faults.parse::<Faults>().unwrap());
    }

    pub(crate) fn request(&self, body: &Value) -> RequestBuilder {
        self.client.post(self.proxy.url()).json(body)
    }

    /// A call, as it is answered or not.
    pub(crate) async fn send(&self, method: &str, params: impl Serialize) -> reqwest::Result<Response> {
        self.request(&call(1, method, params)).send().await
    }

    /// A call that must succeed.
    pub(crate) async fn ask(&self, method: &str, params: impl Serialize) -> Value {
        let answer: Value = self.send(method, params).await.unwrap().json().await.unwrap();
        assert_eq!(answer["id"], 1);
        assert!(answer["error"].is_null(), "{answer}");
        answer["result"].clone()
    }

    /// A transaction of one wei from an account that is not used otherwise.
    pub(crate) fn wei(&self) -> Value {
        json!([{ "from": self.payer(), "to": self.chain.pay_to().rng, "value": "0x1" }])
    }

    /// How many transactions the chain has of that account.
    pub(crate) async fn sent(&self) -> u64 {
        let count: U256 = self.chain.rpc("eth_getTransactionCount", (self.payer(), "latest")).await.unwrap();
        count.to()
    }

    /// Waits until the chain has that many: it answers before the block is made, and a second copy is on its way when the first is
    /// answered.
    pub(crate) async fn until_sent(&self, count: u64) {
        let patience = Instant::now() + Duration::from_secs(10);
        while self.sent().await != count {
            assert!(Instant::now() < patience, "the chain has {} of {count}", self.sent().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn fired(&self, fault: Fault) -> u64 {
        self.proxy.counts().of(fault)
    }

    /// Waits until the proxy has done something.
    pub(crate) async fn until(&self, done: impl Fn(&Counts) -> bool) {
        let patience = Instant::now() + Duration::from_secs(10);
        while !done(&self.proxy.counts()) {
            assert!(Instant::now() < patience, "only {}", self.proxy.counts());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn payer(&self) -> Address {
        self.chain.signer(0).address
    }
}
