//! What is sent when an offer is accepted.

use axum::{http::StatusCode, response::IntoResponse};
use serde_json::{Value, json};
use x402::{
    Accept, Binding, Network, PAYMENT_REQUIRED, PaymentRequirements, ResourceInfo, Usdc, X_PAYMENT,
    decode_header, encode_header, v1,
};
use x402_buyer::{Request, State, Terms, UnixMillis};

use crate::support::{Buyer, Seller, ask, offer, settled};

#[tokio::test]
async fn a_payment_is_signed_by_the_wallet_and_bound_to_the_request() {
    let seller = Seller::selling(offer(), |_| std::future::ready(settled("the answer"))).await;
    let buyer = Buyer::new();
    let request =
        Request::post_json(&format!("{}/v1/a%20b?q={{x}}&empty", seller.url), &json!({ "n": 1 })).unwrap();
    let answer = buyer.client().await.send(&request, &Terms::default()).await.unwrap();
    assert_eq!(answer.body, "the answer");

    let paid = seller.calls().pop().unwrap();
    let payment = paid.payment();
    let exact = payment.exact().unwrap();
    let authorization = exact.authorization;
    assert_eq!(exact.recover(&Network::BaseSepolia.usdc()), Ok(buyer.wallet().address()));
    assert_eq!(payment.accepted, offer());
    assert_eq!((authorization.value, authorization.to), (offer().amount, offer().pay_to));
    assert_eq!(payment.resource.unwrap().url, "http://seller.example/thing");

    let bound = Binding::check(authorization.nonce, payment.extensions.as_ref(), paid.hash()).unwrap();
    assert!(matches!(bound, Binding::Bound(_)), "bound to the request as the seller sees it");
    let now = UnixMillis::now().seconds();
    assert!((now + 50..=now + 60).contains(&authorization.valid_before));
    assert!((now - 610..=now - 600).contains(&authorization.valid_after));
}

#[tokio::test]
async fn an_answer_without_a_402_is_returned_as_it_is() {
    let seller =
        Seller::start(|_| std::future::ready((StatusCode::IM_A_TEAPOT, "free").into_response())).await;
    let buyer = Buyer::new();
    let answer =
        buyer.client().await.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_ref()), (StatusCode::IM_A_TEAPOT, b"free".as_slice()));
    assert!(answer.purchase.is_none());
    assert_eq!(buyer.signed().await, 0);
}

#[tokio::test]
async fn the_cheapest_fitting_offer_is_paid() {
    let priced = |units| Accept::Evm(PaymentRequirements { amount: Usdc::from_atomic(units), ..offer() });
    let mainnet =
        Accept::Evm(PaymentRequirements::exact(Network::Base, Usdc::from_atomic(1), offer().pay_to, 60));
    let asked = move || ask(vec![priced(900), mainnet.clone(), priced(700), priced(800)]);
    let seller = Seller::start(move |call| {
        let answer = if call.is_paid() { settled("") } else { asked() };
        std::future::ready(answer)
    })
    .await;
    let client = Buyer::new().client().await;
    client.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await.unwrap();
    assert_eq!(seller.calls().pop().unwrap().payment().accepted.amount, Usdc::from_atomic(700));
}

#[tokio::test]
async fn extensions_are_echoed_and_a_payment_identifier_is_added() {
    let extensions = json!({
        "payment-identifier": { "info": { "required": true }, "schema": { "type": "object" } },
        "other": { "info": { "a": [1, 2] }, "schema": {} },
    });
    let required = json!({
        "x402Version": 2, "resource": { "url": "http://x" }, "accepts": [offer()], "extensions": extensions,
    });
    let header = encode_header(&required).unwrap();
    let seller = Seller::start(move |call| {
        let asked = (StatusCode::PAYMENT_REQUIRED, [(PAYMENT_REQUIRED, header.clone())]).into_response();
        std::future::ready(if call.is_paid() { settled("") } else { asked })
    })
    .await;
    let client = Buyer::new().client().await;
    client.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await.unwrap();
    let echoed = seller.calls().pop().unwrap().payment().extensions.unwrap();
    assert_eq!(echoed["other"], extensions["other"]);
    let info = &echoed["payment-identifier"]["info"];
    assert_eq!(info["required"], Value::Bool(true));
    assert!((16..=128).contains(&info["id"].as_str().unwrap().len()));
}

#[tokio::test]
async fn a_version_1_seller_is_paid_in_version_1() {
    let resource = ResourceInfo { url: "http://seller.example".to_owned(), ..ResourceInfo::default() };
    let body = v1::PaymentRequired {
        x402_version: 1,
        error: "pay".to_owned(),
        accepts: vec![v1::PaymentRequirements::from_v2(&offer(), &resource).unwrap()],
    };
    let seller = Seller::start(move |call| {
        let asked = (StatusCode::PAYMENT_REQUIRED, axum::Json(body.clone())).into_response();
        std::future::ready(if call.is_paid() { settled("old") } else { asked })
    })
    .await;
    let buyer = Buyer::new();
    let client = buyer.client().await;
    let answer = client.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await.unwrap();
    assert_eq!(answer.body, "old");
    let paid: v1::PaymentPayload =
        decode_header(seller.calls().pop().unwrap().header(X_PAYMENT).as_bytes()).unwrap();
    assert_eq!(
        (paid.x402_version, paid.network.as_str(), paid.scheme.as_str()),
        (1, "base-sepolia", "exact")
    );
    assert_eq!(paid.payload.recover(&Network::BaseSepolia.usdc()), Ok(buyer.wallet().address()));
    assert_eq!(client.ledger().history(1).await.unwrap()[0].state, State::Paid);
}

#[tokio::test]
async fn a_change_of_payee_is_reported() {
    let seller = Seller::start(|call| {
        let payee = if call.target == "/first" { offer().pay_to } else { x402::Address::repeat_byte(0x66) };
        let asked = crate::support::ask_for(&PaymentRequirements { pay_to: payee, ..offer() });
        std::future::ready(if call.is_paid() { settled("") } else { asked })
    })
    .await;
    let client = Buyer::new().client().await;
    let buy = async |path: &str| {
        let request = Request::get(&format!("{}{path}", seller.url)).unwrap();
        client.send(&request, &Terms::default()).await.unwrap().purchase.unwrap().former_payee
    };
    assert_eq!(buy("/first").await, None, "the first payee is remembered");
    assert_eq!(buy("/first").await, None, "the same payee is no change");
    assert_eq!(buy("/second").await, Some(offer().pay_to), "another payee is");
}

#[tokio::test]
async fn an_offer_is_repeated_to_the_letter() {
    let mut spelt = serde_json::to_value(offer()).unwrap();
    spelt["payTo"] = json!(offer().pay_to.to_string().to_lowercase());
    spelt["asset"] = json!(offer().asset.to_string().to_lowercase());
    spelt["sellersOwn"] = json!([1, null]);
    let required =
        json!({ "x402Version": 2, "resource": { "url": "http://x", "own": 1 }, "accepts": [spelt] });
    let header = encode_header(&required).unwrap();
    let seller = Seller::start(move |call| {
        let asked = (StatusCode::PAYMENT_REQUIRED, [(PAYMENT_REQUIRED, header.clone())]).into_response();
        std::future::ready(if call.is_paid() { settled("") } else { asked })
    })
    .await;
    let client = Buyer::new().client().await;
    client.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await.unwrap();
    let sent: Value = decode_header(seller.payments()[0].as_bytes()).unwrap();
    assert_eq!(sent["accepted"], required["accepts"][0]);
    assert_eq!(sent["resource"], required["resource"]);
}
