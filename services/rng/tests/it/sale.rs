use devnet::{Devnet, Options};
use draw::{DrawReceipt, LogKey, PublicKey, Trust, hex_bytes};
use reqwest::RequestBuilder;
use serde_json::Value;
use x402::SigningKey;

use crate::{
    rng,
    support::{Running, client, payment},
};

pub(crate) async fn sell(request: RequestBuilder, payment: &str) -> (u16, String) {
    let answer = request.header("payment-signature", payment).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

/// What a buyer knows before paying.
pub(crate) async fn trust(running: &Running) -> Trust {
    let terms: Value = running.get("/v1/key").await.json().await.expect("JSON");
    let key = |value: &Value| hex_bytes::parse(value.as_str().expect("a key")).expect("32 bytes");
    let log = LogKey::new(terms["log"]["origin"].as_str().expect("a name"), key(&terms["log"]["publicKey"]));
    Trust {
        key: Some(PublicKey::from_bytes(key(&terms["publicKey"])).expect("a point")),
        log: Some(log.expect("a key")),
        checkpoint: None,
    }
}

#[tokio::test]
async fn a_draw_is_paid_once_and_its_receipt_verifies() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let pay_to = chain.pay_to().rng;
    let running = rng().on("devnet", chain.rpc_url()).env("X402_PAY_TO", &pay_to.to_string()).start();
    let payer = SigningKey::from_bytes(&chain.buyer(0).private_key.0).expect("a key");
    let payment = payment(&running.get("/v1/random").await, &payer, 1);
    let draw = |query: &str| client().get(format!("{}/v1/random?{query}", running.public));

    let before = chain.balance_of(pay_to).await.expect("a balance");
    let (status, refused) = sell(draw("dice=2d0"), &payment).await;
    assert_eq!(status, 400, "{refused}");
    assert_eq!(chain.balance_of(pay_to).await.expect("a balance"), before, "a refusal costs nothing");

    let (status, first) = sell(draw("dice=2d6&clientSeed=mine"), &payment).await;
    assert_eq!(status, 200, "{first}");
    let receipt = DrawReceipt::from_json(first.as_bytes()).expect("a receipt");
    let verified = receipt.verify_with(&trust(&running).await).expect("a true receipt");
    assert_eq!(verified.values(), receipt.values);
    assert_eq!(receipt.payer, payer.address().into_array());
    assert_eq!(receipt.request.client_seed(), Some("mine"));

    let (status, again) = sell(draw("dice=2d6&clientSeed=mine"), &payment).await;
    assert_eq!((status, again), (200, first), "a lost answer is sent again");
    let (status, other) = sell(draw("dice=2d6&clientSeed=yours"), &payment).await;
    assert_eq!(status, 409, "{other}");
    let earned: u64 = (chain.balance_of(pay_to).await.expect("a balance") - before).to();
    assert_eq!(earned, 1_000, "charged once");
}
