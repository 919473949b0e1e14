//! The layer alone, in an axum application of one's own.

use std::sync::Arc;

use axum::{Router, routing::get};
use devnet::{Devnet, Options};
use tempfile::TempDir;
use x402::{Network, PaymentNonce, PaymentRequired, SigningKey, decode_header};
use x402_facilitator::{Chain, OnchainFacilitator};
use x402_gate::{Gate, GateConfig, GateError, Ledger, Route, Routes};

use crate::support::{Answer, PRICE, Signed, authorization, random};

struct Shop {
    chain: Devnet,
    origin: String,
    _folder: TempDir,
}

impl Shop {
    /// The same route under two prefixes: what one sells, the other must not give away.
    async fn open() -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let folder = TempDir::new().expect("a folder");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let gate = gate(&chain, &folder, &origin).await;
        let shelf = |name: &'static str| {
            let layer = gate.layer(Route::get("/item").price(PRICE)).expect("an offer");
            Router::new().route("/item", get(async move || name).route_layer(layer))
        };
        let app = Router::new().nest("/a", shelf("a")).nest("/b", shelf("b"));
        let app = app.merge(gate.mount(Routes::new()).expect("a router"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { chain, origin, _folder: folder }
    }

    async fn get(&self, path: &str, payment: Option<&Signed>) -> Answer {
        let request = reqwest::Client::new().get(format!("{}{path}", self.origin));
        let request = match payment {
            Some(payment) => request.header("payment-signature", payment.header()),
            None => request,
        };
        Answer::of(request).await
    }

    async fn sign(&self, path: &str) -> Signed {
        let unpaid = self.get(path, None).await;
        let offer: PaymentRequired =
            decode_header(unpaid.headers["payment-required"].as_bytes()).expect("an offer");
        let accepted = offer.accepts[0].evm().expect("an offer").clone();
        let key = SigningKey::from_bytes(&self.chain.buyer(0).private_key.0).expect("a key");
        let authorization = authorization(key.address(), &accepted, PaymentNonce(random()));
        Signed::new(&key, accepted, authorization, None)
    }
}

async fn gate(chain: &Devnet, folder: &TempDir, origin: &str) -> Gate {
    let network = Network::BaseSepolia;
    let pay_to = chain.pay_to().rng;
    let rpc = Chain::new(network, chain.rpc_url().parse().expect("a URL")).expect("a chain");
    let signer = SigningKey::from_bytes(&chain.signer(0).private_key.0).expect("a key");
    let facilitator = OnchainFacilitator::new(rpc.clone(), [signer]).expect("a signer");
    let url = format!("sqlite://{}/ledger.db", folder.path().display());
    let ledger = Ledger::open(&url, network, pay_to).await.expect("a ledger");
    let config = GateConfig::new("shelves", network, pay_to, origin);
    Gate::new(config, ledger, Arc::new(facilitator), Arc::new(rpc))
}

#[tokio::test]
async fn a_payment_for_one_nested_path_does_not_buy_another() {
    let shop = Shop::open().await;
    let payment = shop.sign("/a/item").await;
    let bought = shop.get("/a/item", Some(&payment)).await;
    assert_eq!((bought.status.as_u16(), &*bought.body), (200, &b"a"[..]));
    let other = shop.get("/b/item", Some(&payment)).await;
    assert_eq!((other.status.as_u16(), other.reason().as_str()), (409, "payment_request_mismatch"));
    let status = shop.get(&format!("/payments/{}", payment.id), None).await;
    assert_eq!(status.json()["money"], "settled");
}

#[tokio::test]
async fn what_cannot_be_sold_is_refused_before_anything_is_served() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let folder = TempDir::new().expect("a folder");
    let gate = gate(&chain, &folder, "http://127.0.0.1").await;
    let mount = |route: fn() -> Route| {
        gate.mount(Routes::new().paid(route(), async || "").paid(route(), async || ""))
    };
    assert!(matches!(mount(|| Route::get("/free")), Err(GateError::NoPrice("/free"))));
    assert!(matches!(mount(|| Route::get("/twice").price(PRICE)), Err(GateError::Twice(_))));
    let brew = || Route::new("BREW".parse().expect("a method"), "/coffee").price(PRICE);
    assert!(matches!(mount(brew), Err(GateError::Method(_))));
}
