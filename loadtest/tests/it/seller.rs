//! A seller that cheats as it is told, on a real chain.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use alloy::{
    primitives::{U256, keccak256},
    sol_types::{SolCall, SolValue},
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use devnet::{Devnet, Options};
use loadtest::{
    plan::PlanArgs,
    result::RunResult,
    run,
    wallets::{Secret, fund},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::OnceCell};
use tokio_util::sync::CancellationToken;
use x402::{
    Accept, Address, B256, ExactPayload, ExtensionInfo, Extensions, Network, PaymentPayload, PaymentRequired,
    PaymentRequirements, PaymentStatus, ReceiptKey, ResourceInfo, SettlementResponse, Signed, SigningKey,
    Usdc, decode_header, encode_header,
};

alloy::sol! { function transfer(address to, uint256 value) external returns (bool); }

const PRICE: Usdc = Usdc::from_atomic(1000);

/// What the seller does with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Settles, and answers.
    Honest,
    /// Settles every fifth payment twice.
    Twice,
    /// Settles every fifth payment and answers with an error.
    KeepsMoney,
    /// Answers every fifth payment without settling it.
    GivesAway,
    /// Takes every fifth payment's amount once more, by other means.
    Helps,
    /// Settles every fifth payment, answers with an error, and gives the money back.
    GivesBack,
    /// The same, but only says so.
    PromisesBack,
    /// The same as giving back, but signs another state than it shows.
    SignsOtherwise,
    /// The same as giving back, but the payee has not named the key that signs.
    SignsWithAnyKey,
    /// The same as giving back, but signs nothing of it.
    SignsNothing,
    /// Tells of more time than passed.
    Exaggerates,
}

/// A chain with the seller on it.
pub(crate) struct Stall {
    pub(crate) chain: Arc<Devnet>,
    pub(crate) url: String,
}

struct Seller {
    chain: Arc<Devnet>,
    origin: String,
    habit: Habit,
    sold: tokio::sync::Mutex<u64>,
    /// What `/payments/{id}` shows.
    payments: Mutex<HashMap<String, Value>>,
}

/// The key that the payee named for its receipts and statuses.
fn receipt_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32]).expect("a key")
}

/// The value of `PAYMENT-REQUIRED`.
pub(crate) fn offer() -> String {
    offer_to(Address::repeat_byte(1), None)
}

fn offer_to(pay_to: Address, extensions: Option<Extensions>) -> String {
    let required = PaymentRequired {
        x402_version: 2,
        error: None,
        resource: ResourceInfo { url: "http://127.0.0.1/".to_owned(), ..ResourceInfo::default() },
        accepts: vec![Accept::Evm(PaymentRequirements::exact(Network::BaseSepolia, PRICE, pay_to, 60))],
        extensions,
    };
    encode_header(&required).expect("a header")
}

impl Stall {
    pub(crate) async fn open(habit: Habit) -> Self {
        let chain = Arc::new(Devnet::start(Options::default()).await.expect("a chain"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let url = format!("{origin}/");
        let (sold, payments) = Default::default();
        let seller = Arc::new(Seller { chain: chain.clone(), origin, habit, sold, payments });
        let app = Router::new().route("/", get(sell)).route("/payments/{id}", get(status)).with_state(seller);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { chain, url }
    }

    /// What a run over it needs.
    pub(crate) fn args(&self) -> PlanArgs {
        PlanArgs {
            url: Some(self.url.clone()),
            rpc: self.chain.rpc_url().parse().ok(),
            budget: "1".parse().ok(),
            rate: Some(20.0),
            duration: "1s".parse().ok(),
            buyers: Some(4),
            patience: "2s".parse().ok(),
            settle_wait: "1s".parse().ok(),
            ..PlanArgs::default()
        }
    }

    pub(crate) fn secret(&self) -> Secret {
        let key = SigningKey::from_bytes(&self.chain.buyer(0).private_key.0).expect("a key");
        Secret::from_key(key).expect("a secret")
    }

    /// Twenty calls.
    pub(crate) async fn run(&self) -> RunResult {
        let plan = self.args().plan().expect("a plan");
        let secret = self.secret();
        let buyers = secret.buyers(plan.buyers).expect("buyers");
        let node = loadtest::connect(&plan).await.expect("a chain").expect("a chain");
        fund(&node, secret.funder(), &buyers, "0.02".parse().expect("dollars")).await.expect("funds");
        run(&plan, buyers, &mut (), CancellationToken::new()).await.expect("a result")
    }
}

async fn sell(State(seller): State<Arc<Seller>>, headers: HeaderMap) -> Response {
    let pay_to = seller.chain.pay_to().rng;
    let Some(header) = headers.get("payment-signature") else {
        let offer = offer_to(pay_to, Some(seller.delegation()));
        return (StatusCode::PAYMENT_REQUIRED, [("payment-required", offer)]).into_response();
    };
    let payload: PaymentPayload = decode_header(header.as_bytes()).expect("a payment");
    let payload = payload.exact().expect("an exact payment");
    let mut sold = seller.sold.lock().await;
    *sold += 1;
    let habit = if (*sold).is_multiple_of(5) || seller.habit == Habit::Exaggerates {
        seller.habit
    } else {
        Habit::Honest
    };
    let transaction = match habit {
        Habit::GivesAway => B256::repeat_byte(9),
        _ => seller.settle(&payload).await,
    };
    match habit {
        Habit::Twice => {
            seller.forget(&payload).await;
            seller.settle(&payload).await;
        }
        Habit::Helps => seller.help_itself(&payload).await,
        Habit::KeepsMoney => return StatusCode::BAD_REQUEST.into_response(),
        Habit::GivesBack
        | Habit::PromisesBack
        | Habit::SignsOtherwise
        | Habit::SignsWithAnyKey
        | Habit::SignsNothing => {
            seller.give_back(&payload, transaction, habit).await;
            return StatusCode::BAD_REQUEST.into_response();
        }
        Habit::Honest | Habit::GivesAway | Habit::Exaggerates => {}
    }
    let timing = if habit == Habit::Exaggerates { "verify;dur=60000" } else { "verify;dur=0.1" };
    ([("payment-response", response(&payload, transaction)), ("server-timing", timing.to_owned())], "42")
        .into_response()
}

async fn status(State(seller): State<Arc<Seller>>, Path(id): Path<String>) -> Response {
    let known = seller.payments.lock().expect("a lock").get(&id).cloned();
    known.map_or(StatusCode::NOT_FOUND.into_response(), |status| Json(status).into_response())
}

fn response(payload: &ExactPayload, transaction: B256) -> String {
    let response = SettlementResponse {
        success: true,
        error_reason: None,
        payer: Some(payload.authorization.from),
        transaction: Some(transaction),
        network: Network::BaseSepolia.caip2().to_owned(),
        amount: Some(payload.authorization.value),
        extensions: None,
    };
    encode_header(&response).expect("a header")
}

impl Seller {
    /// The payee's statement of who signs for it.
    fn delegation(&self) -> Extensions {
        let payee = self.chain.pay_to().rng;
        let account = self.chain.accounts().iter().find(|account| account.address == payee);
        let payee = SigningKey::from_bytes(&account.expect("an account").private_key.0).expect("a key");
        let (key, origin) = (receipt_key().address(), self.origin.clone());
        let statement = ReceiptKey { key, origin, not_before: 0, not_after: u64::from(u32::MAX) };
        let mut extensions = Extensions::new();
        Signed::sign(statement, Network::BaseSepolia, &payee).attach(&mut extensions);
        extensions
    }

    async fn settle(&self, payload: &ExactPayload) -> B256 {
        let call = payload.transfer_call();
        self.send(self.chain.signer(0).address, &call.abi_encode()).await
    }

    async fn send(&self, from: Address, data: &[u8]) -> B256 {
        let call = json!({ "from": from, "to": self.chain.usdc(), "gas": "0x30d40", "data": format!("0x{}", hex::encode(data)) });
        let sent: B256 = self.chain.rpc("eth_sendTransaction", [call]).await.expect("a transaction");
        let mut receipt = Value::Null;
        while receipt.is_null() {
            receipt = self.chain.rpc("eth_getTransactionReceipt", [sent]).await.expect("an answer");
        }
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        sent
    }

    /// Makes the token forget that an authorization was used, as no real one would.
    async fn forget(&self, payload: &ExactPayload) {
        static SLOT: OnceCell<u64> = OnceCell::const_new();
        let place = |slot: u64| {
            let outer = keccak256((payload.authorization.from, U256::from(slot)).abi_encode());
            keccak256((payload.authorization.nonce.0, outer).abi_encode())
        };
        let used = |slot| async move {
            let at = (self.chain.usdc(), place(slot), "latest");
            self.chain.rpc::<B256>("eth_getStorageAt", at).await.expect("a word") != B256::ZERO
        };
        let slot = SLOT.get_or_init(|| async {
            for slot in 0..64 {
                if used(slot).await {
                    return slot;
                }
            }
            panic!("the token keeps its authorizations elsewhere")
        });
        let word = (self.chain.usdc(), place(*slot.await), B256::ZERO);
        let _: Value = self.chain.rpc("anvil_setStorageAt", word).await.expect("a changed word");
    }

    /// Sends the price back, or only says so.
    async fn give_back(&self, payload: &ExactPayload, settled: B256, habit: Habit) {
        let (to, pay_to) = (payload.authorization.from, self.chain.pay_to().rng);
        let value = U256::from(PRICE.atomic());
        let transaction = match habit {
            Habit::PromisesBack => B256::repeat_byte(8),
            _ => self.send(pay_to, &transferCall { to, value }.abi_encode()).await,
        };
        let id = payload.authorization.key(&Network::BaseSepolia.usdc()).id();
        let signed = PaymentStatus {
            payment_id: id,
            money: if habit == Habit::SignsOtherwise { "dead" } else { "refunded" }.to_owned(),
            work: "failed".to_owned(),
            finality: "block".to_owned(),
            transaction: Some(settled),
            block_number: 1,
            block_time: 1,
            issued_at: 1,
        };
        let key = match habit {
            Habit::SignsWithAnyKey => SigningKey::from_bytes(&[8; 32]).expect("a key"),
            _ => receipt_key(),
        };
        let signed = Signed::sign(signed, Network::BaseSepolia, &key);
        let refund = json!({ "index": 0, "amount": PRICE, "transaction": transaction, "to": to });
        let status = json!({
            "money": "refunded",
            "amount": PRICE,
            "refunds": [refund],
            "signedStatus": (habit != Habit::SignsNothing).then_some(signed),
        });
        self.payments.lock().expect("a lock").insert(id.to_string(), status);
    }

    /// A plain transfer out of the buyer's account, which only a local chain makes without the buyer.
    async fn help_itself(&self, payload: &ExactPayload) {
        let from = payload.authorization.from;
        let _: Value = self.chain.rpc("anvil_impersonateAccount", [from]).await.expect("an account");
        let wei = U256::from(10u64.pow(18));
        let _: Value = self.chain.rpc("anvil_setBalance", (from, wei)).await.expect("ether");
        let value = U256::from(PRICE.atomic());
        self.send(from, &transferCall { to: self.chain.pay_to().rng, value }.abi_encode()).await;
    }
}
