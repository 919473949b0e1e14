//! Requests before a priced route whose chain cannot be reached: whatever is asked, nothing is served, and what is said is a
//! readable refusal.
#![no_main]

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use arbitrary::Arbitrary;
use axum::{Router, body::Body};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;
use x402::{
    Address, Authorization, Network, PaymentNonce, PaymentPayload, PaymentRequired, PaymentRequirements,
    SigningKey, Usdc, decode_header, encode_header, v1,
};
use x402_facilitator::{Chain, OnchainFacilitator};
use x402_gate::{Gate, GateConfig, Ledger, Route, Routes};

const NETWORK: Network = Network::BaseSepolia;
const METHODS: [&str; 7] = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "get", "BREW"];
const PATHS: [&str; 6] = ["/item", "/ITEM", "/item/", "/./item", "/%69tem", "/items?n=3"];
const HEADERS: [&str; 7] =
    ["payment-signature", "x-payment", "content-type", "accept", "origin", "content-length", "range"];

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    method: u8,
    path: Path<'a>,
    headers: Vec<(u8, &'a [u8])>,
    payments: Vec<Payment<'a>>,
    body: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum Path<'a> {
    Known(u8),
    Other(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Payment<'a> {
    Json { first_version: bool, json: &'a [u8] },
    Signed(Signed),
}

/// A payment that a wallet signed, not always for what was offered.
#[derive(Arbitrary, Debug)]
struct Signed {
    first_version: bool,
    more: u8,
    to_another: bool,
    begins: i16,
    ends: i16,
    nonce: [u8; 32],
    damage: Option<(u16, u8)>,
}

struct Shop {
    runtime: Runtime,
    app: Router,
    ran: Arc<AtomicBool>,
    offer: PaymentRequirements,
    wallet: SigningKey,
    _folder: TempDir,
}

thread_local! {
    static SHOP: RefCell<Option<Shop>> = const { RefCell::new(None) };
}

fuzz_target!(|input: Input<'_>| {
    SHOP.with_borrow_mut(|shop| shop.get_or_insert_with(Shop::open).ask(&input));
});

impl Shop {
    fn open() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = TempDir::new().expect("a folder");
        let ran = Arc::new(AtomicBool::new(false));
        let app = runtime.block_on(app(&folder, ran.clone()));
        let unpaid = Request::get("/item").body(Body::empty()).expect("a request");
        let unpaid = runtime.block_on(app.clone().oneshot(unpaid)).expect("an answer");
        let required: PaymentRequired =
            decode_header(unpaid.headers()["payment-required"].as_bytes()).expect("an offer");
        let offer = required.accepts[0].evm().expect("an offer").clone();
        let wallet = SigningKey::from_bytes(&[7; 32]).expect("a key");
        Self { runtime, app, ran, offer, wallet, _folder: folder }
    }

    fn ask(&self, input: &Input<'_>) {
        let Some(request) = self.request(input) else { return };
        let answer = self.runtime.block_on(async {
            let answer = self.app.clone().oneshot(request).await.expect("an answer");
            let (head, body) = answer.into_parts();
            Response::from_parts(head, body.collect().await.expect("a body").to_bytes())
        });
        assert!(!self.ran.load(Ordering::Relaxed), "the handler ran without a payment");
        let status = answer.status().as_u16();
        assert!(status < 500 || status == 503, "{status}");
        if status == 402 {
            let offer = answer.headers().get("payment-required").expect("every 402 has an offer");
            decode_header::<PaymentRequired>(offer.as_bytes()).expect("that can be read");
        }
    }

    fn request(&self, input: &Input<'_>) -> Option<Request<Body>> {
        let path = match input.path {
            Path::Known(index) => PATHS[usize::from(index) % PATHS.len()],
            Path::Other(path) => path,
        };
        let method = METHODS[usize::from(input.method) % METHODS.len()];
        let mut request = Request::builder().method(method).uri(path);
        for (index, value) in &input.headers {
            let name = HeaderName::from_static(HEADERS[usize::from(*index) % HEADERS.len()]);
            request = request.header(name, HeaderValue::from_bytes(value).ok()?);
        }
        for payment in &input.payments {
            let (first_version, header) = match payment {
                Payment::Json { first_version, json } => (*first_version, BASE64_STANDARD.encode(json)),
                Payment::Signed(signed) => (signed.first_version, self.pay(signed)),
            };
            request = request.header(if first_version { "x-payment" } else { "payment-signature" }, header);
        }
        request.body(Body::from(input.body.to_vec())).ok()
    }

    fn pay(&self, signed: &Signed) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let authorization = Authorization {
            from: self.wallet.address(),
            to: if signed.to_another { Address::ZERO } else { self.offer.pay_to },
            value: Usdc::from_atomic(self.offer.amount.atomic() + u64::from(signed.more / 128)),
            valid_after: now.saturating_add_signed(signed.begins.into()),
            valid_before: now.saturating_add_signed(signed.ends.into()),
            nonce: PaymentNonce(signed.nonce.into()),
        };
        let mut exact = authorization.sign(&NETWORK.usdc(), &self.wallet);
        if let Some((place, bits)) = signed.damage {
            let mut bytes = exact.signature.to_vec();
            let place = usize::from(place) % bytes.len();
            bytes[place] ^= bits;
            exact.signature = bytes.into();
        }
        if signed.first_version {
            let (scheme, network) = ("exact".to_owned(), "base-sepolia".to_owned());
            return encode_header(&v1::PaymentPayload { x402_version: 1, scheme, network, payload: exact })
                .expect("encodes");
        }
        let payment = PaymentPayload {
            x402_version: 2,
            resource: None,
            accepted: self.offer.clone(),
            payload: serde_json::to_value(exact).expect("serializes"),
            extensions: None,
        };
        encode_header(&payment).expect("encodes")
    }
}

async fn app(folder: &TempDir, ran: Arc<AtomicBool>) -> Router {
    let pay_to = Address::repeat_byte(1);
    // Nobody listens on the port of the discard service.
    let chain = Chain::new(NETWORK, "http://127.0.0.1:9".parse().expect("a URL")).expect("a chain");
    let signer = SigningKey::from_bytes(&[9; 32]).expect("a key");
    let facilitator = OnchainFacilitator::new(chain.clone(), [signer]).expect("a signer");
    let url = format!("sqlite://{}/ledger.db", folder.path().display());
    let ledger = Ledger::open(&url, NETWORK, pay_to).await.expect("a ledger");
    let mut config = GateConfig::new("shop", NETWORK, pay_to, "http://127.0.0.1");
    config.unpaid_limit = None;
    let gate = Gate::new(config, ledger, Arc::new(facilitator), Arc::new(chain));
    let price = Usdc::from_atomic(1000);
    let (one, many) = (ran.clone(), ran);
    let routes = Routes::new()
        .paid(Route::get("/item").price(price), async move || one.store(true, Ordering::Relaxed))
        .paid(
            Route::post("/items").price(price).price_by("byte", |_, body| {
                let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
                if bytes == 0 {
                    Err(StatusCode::BAD_REQUEST)
                } else {
                    Ok(Usdc::from_atomic(bytes.saturating_mul(1000)))
                }
            }),
            async move || many.store(true, Ordering::Relaxed),
        );
    gate.mount(routes).expect("a router")
}
