//! `facilitator`, as a seller's program sees it, on a real chain.
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends where something is not as expected")]

#[path = "../../../../shared/service-kit/tests/support/mod.rs"]
mod support;

use devnet::{Devnet, Options};
use serde_json::{Value, json};
use support::{NOWHERE, PAY_TO, Program, Running, client};
use x402::{
    Address, Authorization, B256, FacilitatorRequest, Network, PaymentNonce, PaymentPayload,
    PaymentRequirements, SigningKey, Usdc,
};

const PRICE: Usdc = Usdc::from_atomic(1_000);

fn facilitator(rpc_url: &str) -> Program {
    Program::new(env!("CARGO_BIN_EXE_facilitator")).on("devnet", rpc_url)
}

/// What a seller sends for a payment of `payer`.
fn request(payer: &SigningKey, nonce: u8) -> Value {
    let pay_to: Address = PAY_TO.parse().expect("an address");
    let requirements = PaymentRequirements::exact(Network::BaseSepolia, PRICE, pay_to, 60);
    let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let authorization = Authorization {
        from: payer.address(),
        to: pay_to,
        value: PRICE,
        valid_after: now - 600,
        valid_before: now + 60,
        nonce: PaymentNonce(B256::repeat_byte(nonce)),
    };
    let payload = authorization.sign(&Network::BaseSepolia.usdc(), payer);
    let payment_payload = PaymentPayload {
        x402_version: 2,
        resource: None,
        accepted: requirements.clone(),
        payload: serde_json::to_value(payload).expect("JSON"),
        extensions: None,
    };
    json!(FacilitatorRequest { x402_version: 2, payment_payload, payment_requirements: requirements })
}

async fn post(running: &Running, path: &str, body: &Value) -> (u16, Value) {
    let answer =
        client().post(format!("{}{path}", running.public)).json(body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

async fn balance(chain: &Devnet, account: Address) -> u64 {
    chain.balance_of(account).await.expect("a balance").to()
}

#[tokio::test]
async fn a_payment_is_verified_settled_and_refused_a_second_time() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let running = facilitator(chain.rpc_url()).start();
    running.until_ready(200).await;
    let payer = SigningKey::from_bytes(&chain.buyer(0).private_key.0).expect("a key");
    let before = balance(&chain, chain.pay_to().rng).await;
    let request = request(&payer, 1);

    let (status, verdict) = post(&running, "/verify", &request).await;
    assert_eq!((status, &verdict["isValid"]), (200, &true.into()), "{verdict}");
    assert_eq!(verdict["payer"], payer.address().to_string());
    assert_eq!(balance(&chain, chain.pay_to().rng).await, before, "verifying moves nothing");

    let (status, settlement) = post(&running, "/settle", &request).await;
    assert_eq!((status, &settlement["success"]), (200, &true.into()), "{settlement}");
    assert_eq!(settlement["transaction"].as_str().map(str::len), Some(66));
    assert_eq!(balance(&chain, chain.pay_to().rng).await, before + PRICE.atomic());

    let (_, verdict) = post(&running, "/verify", &request).await;
    assert_eq!(verdict["isValid"], false);
    let (_, again) = post(&running, "/settle", &request).await;
    assert_eq!(again["transaction"], settlement["transaction"]);
    assert_eq!(balance(&chain, chain.pay_to().rng).await, before + PRICE.atomic(), "charged once");
}

#[tokio::test]
async fn a_payer_without_money_is_refused_with_the_reason() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let running = facilitator(chain.rpc_url()).start();
    running.until_ready(200).await;
    let payer = SigningKey::from_bytes(&[7; 32]).expect("a key");
    let (status, verdict) = post(&running, "/verify", &request(&payer, 1)).await;
    assert_eq!((status, &verdict["isValid"]), (200, &false.into()));
    assert_eq!(verdict["invalidReason"], "insufficient_funds");
    let (_, settlement) = post(&running, "/settle", &request(&payer, 1)).await;
    assert_eq!(
        (&settlement["success"], &settlement["errorReason"]),
        (&false.into(), &"insufficient_funds".into())
    );
}

#[tokio::test]
async fn it_says_what_it_supports() {
    let running = facilitator(NOWHERE).start();
    let supported: Value = running.get("/supported").await.json().await.expect("JSON");
    let kind = |scheme| json!({ "x402Version": 2, "scheme": scheme, "network": "eip155:84532" });
    assert_eq!(supported["kinds"], json!([kind("exact"), kind("batch-settlement")]));
    assert_eq!(supported["signers"]["eip155:*"], json!(["0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"]));
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_with_the_reason() {
    let running = facilitator(NOWHERE).start();
    let payer = SigningKey::from_bytes(&[7; 32]).expect("a key");
    let mut lacking = request(&payer, 1);
    lacking["paymentPayload"].as_object_mut().expect("an object").remove("accepted");
    for (path, flag, reason) in
        [("/verify", "isValid", "invalidReason"), ("/settle", "success", "errorReason")]
    {
        for body in [json!({}), json!([1]), json!("text"), lacking.clone()] {
            let (status, problem) = post(&running, path, &body).await;
            assert_eq!(status, 400, "{problem}");
            assert_eq!(
                (&problem[flag], &problem[reason]),
                (&false.into(), &"invalid_payload".into()),
                "{problem}"
            );
        }
    }
    let (_, problem) = post(&running, "/verify", &lacking).await;
    assert!(problem["detail"].as_str().expect("text").contains("missing field `accepted`"), "{problem}");
}

#[tokio::test]
async fn nothing_is_judged_while_the_chain_is_away() {
    let running = facilitator(NOWHERE).start();
    let payer = SigningKey::from_bytes(&[7; 32]).expect("a key");
    for path in ["/verify", "/settle"] {
        let (status, problem) = post(&running, path, &request(&payer, 1)).await;
        assert_eq!((status, &problem["reason"]), (503, &"chain_unavailable".into()), "{problem}");
    }
}

#[tokio::test]
async fn it_takes_neither_payee_nor_database() {
    let running = facilitator(NOWHERE).start();
    assert_eq!(running.get("/supported").await.status(), 200);
    assert!(!running.folder.path().join("data").exists());
    let (status, error) = support::refusal(&facilitator(NOWHERE).arg("--pay-to").arg(PAY_TO).run());
    assert_eq!(status, 64);
    assert!(error.contains("--pay-to"), "{error}");
}
