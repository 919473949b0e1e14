//! Payments that are not good: a reason that a program can read, and no money moved.

use serde_json::{Value, json};
use x402::{Network, PaymentNonce, SigningKey, Usdc};

use crate::support::{Answer, FLOWS, Signed, World, authorization, now, random};

/// Signs with everything as it should be, but for one edit before and one after the signature.
async fn signed(
    world: &World,
    target: &str,
    key: &SigningKey,
    before: impl Fn(&mut x402::Authorization),
    after: impl Fn(&mut Value),
) -> Signed {
    let offer = world.offer("POST", target).await;
    let accepted = offer.accepts[0].evm().expect("an offer").clone();
    let mut authorization = authorization(key.address(), &accepted, PaymentNonce(random()));
    before(&mut authorization);
    let mut payment = Signed::new(key, accepted, authorization, None);
    let mut value = serde_json::to_value(&payment.payload).expect("serializes");
    after(&mut value);
    payment.payload = serde_json::from_value(value).expect("still a payload");
    payment
}

#[tokio::test]
async fn a_payment_that_is_not_good_is_refused_with_its_reason_and_moves_nothing() {
    let world = World::start().await;
    let key = world.buyer(0);
    let poor = SigningKey::from_bytes(&[7; 32]).expect("a key");
    let other = world.buyer(1).address();
    let same = |_: &mut Value| {};
    let keep = |_: &mut x402::Authorization| {};
    for target in FLOWS {
        let cases = [
            (
                "less",
                signed(&world, target, &key, |a| a.value = Usdc::from_atomic(9_999), same).await,
                "invalid_exact_evm_payload_authorization_value_mismatch",
            ),
            (
                "more",
                signed(&world, target, &key, |a| a.value = Usdc::from_atomic(10_001), same).await,
                "invalid_exact_evm_payload_authorization_value_mismatch",
            ),
            (
                "payee",
                signed(&world, target, &key, |a| a.to = other, same).await,
                "invalid_exact_evm_payload_recipient_mismatch",
            ),
            (
                "expired",
                signed(&world, target, &key, |a| a.valid_before = now() - 1, same).await,
                "invalid_exact_evm_payload_authorization_valid_before",
            ),
            (
                "too short",
                signed(&world, target, &key, |a| a.valid_before = now() + 20, same).await,
                "invalid_exact_evm_payload_authorization_valid_before",
            ),
            (
                "too long",
                signed(&world, target, &key, |a| a.valid_before = now() + 1_000_000, same).await,
                "invalid_exact_evm_payload_authorization_valid_before",
            ),
            (
                "not yet",
                signed(&world, target, &key, |a| a.valid_after = now() + 100, same).await,
                "invalid_exact_evm_payload_authorization_valid_after",
            ),
            ("empty wallet", signed(&world, target, &poor, keep, same).await, "insufficient_funds"),
            (
                "another's name",
                signed(&world, target, &key, |a| a.from = other, same).await,
                "invalid_exact_evm_payload_signature",
            ),
            (
                "signature",
                signed(&world, target, &key, keep, |p| flip(p, "/payload/signature")).await,
                "invalid_exact_evm_payload_signature",
            ),
            (
                "no signature",
                signed(&world, target, &key, keep, |p| p["payload"]["signature"] = json!("0x")).await,
                "invalid_exact_evm_payload_signature",
            ),
            (
                "price accepted",
                signed(&world, target, &key, keep, |p| p["accepted"]["amount"] = json!("1")).await,
                "invalid_payment_requirements",
            ),
            (
                "payee accepted",
                signed(&world, target, &key, keep, |p| p["accepted"]["payTo"] = json!(other)).await,
                "invalid_payment_requirements",
            ),
            (
                "asset",
                signed(&world, target, &key, keep, |p| {
                    p["accepted"]["asset"] = json!(Network::Base.usdc().address);
                })
                .await,
                "invalid_payment_requirements",
            ),
            (
                "network",
                signed(&world, target, &key, keep, |p| p["accepted"]["network"] = json!("eip155:8453")).await,
                "invalid_network",
            ),
            (
                "scheme",
                signed(&world, target, &key, keep, |p| p["accepted"]["scheme"] = json!("upto")).await,
                "invalid_scheme",
            ),
            (
                "version",
                signed(&world, target, &key, keep, |p| p["x402Version"] = json!(3)).await,
                "invalid_x402_version",
            ),
        ];
        for (name, payment, reason) in cases {
            let answer = world.pay(target, &json!({}), &payment).await;
            assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (402, reason), "{target} {name}");
            assert!(!answer.settlement().success, "{name}");
            assert!(answer.headers.contains_key("payment-required"), "{name}: the offer comes again");
            assert_eq!(world.service.runs(payment.id), 0, "{name}");
        }
    }
    assert_eq!(world.earned().await, 0);
}

fn flip(payload: &mut Value, pointer: &str) {
    let value = payload.pointer_mut(pointer).expect("the field");
    let text = value.as_str().expect("a string").to_owned();
    let last = if text.as_bytes()[20] == b'0' { "1" } else { "0" };
    *value = json!(format!("{}{last}{}", &text[..20], &text[21..]));
}

#[tokio::test]
async fn a_header_that_is_no_payment_is_refused_with_a_reason() {
    let world = World::start().await;
    let good = world.sign_plain(0, "POST", "/authorize").await.header();
    let deep = base64(&format!("{}{}", "[".repeat(5000), "]".repeat(5000)));
    let cases = [
        ("not base64", "%%%".to_owned()),
        ("not JSON", base64("hello")),
        ("not an object", base64("[1,2]")),
        ("empty", String::new()),
        ("cut", good[..good.len() / 2].to_owned()),
        ("100 kB", "A".repeat(100_000)),
        ("deep", deep),
        (
            "amount",
            base64(
                r#"{"x402Version":2,"accepted":{"scheme":"exact","network":"eip155:84532","amount":"-1"},"payload":{}}"#,
            ),
        ),
    ];
    for (name, header) in cases {
        let request =
            world.http.post(world.url("/authorize")).header("payment-signature", &header).body("{}");
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.json());
        assert_eq!(answer.reason(), "invalid_payload", "{name}");
        let request = world.http.post(world.url("/authorize")).header("x-payment", &header).body("{}");
        assert_eq!(Answer::of(request).await.status, 400, "{name} in the older header");
    }
    let twice = world.http.post(world.url("/authorize")).body("{}");
    let twice = twice.header("payment-signature", &good).header("payment-signature", &good);
    assert_eq!(Answer::of(twice).await.status, 400, "two payments at once");
    let both = world.http.post(world.url("/authorize")).body("{}");
    let both = both.header("payment-signature", &good).header("x-payment", &good);
    assert_eq!(Answer::of(both).await.status, 400, "two versions at once");
    assert_eq!(world.earned().await, 0);
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_before_anything_is_claimed() {
    let world = World::start().await;
    let payment = world.sign_plain(0, "POST", "/authorize").await;
    let body = json!({ "note": "x".repeat(1 << 20) });
    let answer = world.pay("/authorize", &body, &payment).await;
    assert_eq!(answer.status, 413);
    assert_eq!(world.status(payment.id).await["reason"], "unknown_payment");
}

#[tokio::test]
async fn a_payer_cannot_promise_the_same_money_twice_at_once() {
    let world = World::start().await;
    let poor = SigningKey::from_bytes(&[9; 32]).expect("a key");
    let price = crate::support::PRICE.atomic();
    world.chain.mint(poor.address(), alloy_primitives::U256::from(price + price / 2)).await.expect("minted");
    let keep = |_: &mut x402::Authorization| {};
    let first = signed(&world, "/authorize", &poor, keep, |_| {}).await;
    let second = signed(&world, "/authorize", &poor, keep, |_| {}).await;
    let body = json!({ "workMs": 500 });
    let (first, second) = tokio::join!(world.pay("/authorize", &body, &first), async {
        world.until(first.id, |status| status["work"] == "running").await;
        world.pay("/authorize", &body, &second).await
    });
    assert_eq!(first.status, 200);
    assert_eq!((second.status.as_u16(), second.reason().as_str()), (402, "insufficient_funds"));
}

#[tokio::test]
async fn without_a_chain_nothing_is_claimed_and_nothing_is_served() {
    let World { chain, service, http } = World::start().await;
    let world = World { chain, service, http };
    let payment = world.sign_plain(0, "POST", "/authorize").await;
    world.chain.rpc::<Value>("anvil_setChainId", json!([84532])).await.expect("the chain answers");
    let World { chain, service, http } = world;
    chain.stop().await.expect("the chain ends");
    let request =
        http.post(format!("{}/authorize", service.origin)).header("payment-signature", payment.header());
    let answer = Answer::of(request.header("content-type", "application/json").body("{}")).await;
    assert_eq!(answer.status, 503, "{}", answer.json());
    let status = Answer::of(http.get(format!("{}/payments/{}", service.origin, payment.id))).await;
    assert_eq!(status.status, 404);
    assert_eq!(service.runs(payment.id), 0);
}
