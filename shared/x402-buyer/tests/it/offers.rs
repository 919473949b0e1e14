//! Offers that are not what this buyer pays for: nothing is signed, and nothing more is sent.

use std::collections::BTreeMap;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use draw::SecretKey;
use serde_json::json;
use x402::{Accept, Address, Network, PAYMENT_REQUIRED, PaymentRequirements, Usdc, encode_header};
use x402_buyer::{ChallengeError, Policy, Rejection, Request, SendError, Terms};

use crate::support::{Buyer, PAYEE, Seller, ask, ask_for, draw_offer, offer};

/// The error of a call to a seller who asks so; checks that no payment exists, here or there.
async fn refusal(
    policy: Policy,
    terms: Terms,
    asked: impl Fn() -> Response + Clone + Send + Sync + 'static,
) -> SendError {
    let seller = Seller::start(move |_| std::future::ready(asked())).await;
    let buyer = Buyer::new();
    let client = buyer.client_with(policy).await;
    let error = client.send(&Request::get(&seller.url).unwrap(), &terms).await.unwrap_err();
    assert_eq!(seller.calls().len(), 1, "one unpaid request and no more");
    assert!(seller.payments().is_empty(), "no payment was sent");
    assert_eq!(buyer.signed().await, 0, "no payment was signed");
    assert_eq!(error.payment_id(), None);
    error
}

/// Why the one offer is rejected.
async fn rejection(offer: PaymentRequirements) -> Rejection {
    match refusal(Buyer::policy(), Terms::default(), move || ask_for(&offer)).await {
        SendError::NoOffer(mut none) if none.rejections.len() == 1 => none.rejections.remove(0),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn another_network_is_not_paid_on() {
    let mainnet = PaymentRequirements::exact(Network::Base, Usdc::from_atomic(1000), PAYEE, 60);
    assert!(
        matches!(rejection(mainnet).await, Rejection::Network { offered, .. } if offered == "eip155:8453")
    );
}

#[tokio::test]
async fn another_token_is_not_paid_in() {
    let token = Address::repeat_byte(0xee);
    assert_eq!(rejection(PaymentRequirements { asset: token, ..offer() }).await, Rejection::Asset(token));
}

#[tokio::test]
async fn a_foreign_signing_domain_is_refused() {
    let mut foreign = offer();
    foreign.extra.as_mut().unwrap().insert("name".to_owned(), json!("USD Coin"));
    assert_eq!(rejection(foreign).await, Rejection::Asset(offer().asset));
}

#[tokio::test]
async fn another_scheme_or_transfer_method_is_refused() {
    let upto = PaymentRequirements { scheme: "upto".to_owned(), ..offer() };
    assert_eq!(rejection(upto).await, Rejection::Scheme("upto".to_owned()));
    let mut permit = offer();
    permit.extra.as_mut().unwrap().insert("assetTransferMethod".to_owned(), json!("permit2"));
    assert_eq!(rejection(permit).await, Rejection::TransferMethod("permit2".to_owned()));
}

#[tokio::test]
async fn a_window_of_years_is_refused() {
    let years = PaymentRequirements { max_timeout_seconds: u64::MAX, ..offer() };
    assert_eq!(rejection(years).await, Rejection::Timeout { offered: u64::MAX, limit: 600 });
}

#[tokio::test]
async fn a_price_above_the_calls_limit_is_refused() {
    let limit = Usdc::from_atomic(999);
    let terms = Terms { max_price: Some(limit), ..Terms::default() };
    match refusal(Buyer::policy(), terms, || ask_for(&offer())).await {
        SendError::NoOffer(none) => {
            assert!(none.is_price());
            assert_eq!(none.rejections, [Rejection::Price { price: offer().amount, limit }]);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_key_of_another_day_than_asked_for_is_not_paid_for() {
    let terms = Terms { epoch: Some(19_999), ..Terms::default() };
    let offer = draw_offer(&SecretKey::from_seed(&[7; 32]));
    match refusal(Buyer::policy(), terms, move || ask_for(&offer)).await {
        SendError::NoOffer(none) => {
            assert_eq!(none.rejections, [Rejection::Epoch { offered: Some(20_000), asked: 19_999 }]);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_absurd_price_is_refused_by_the_budget() {
    let absurd = PaymentRequirements { amount: Usdc::from_atomic(u64::MAX), ..offer() };
    let error = refusal(Buyer::policy(), Terms::default(), move || ask_for(&absurd)).await;
    assert!(matches!(error, SendError::Budget(_)), "{error:?}");
}

#[tokio::test]
async fn a_payee_other_than_the_pinned_one_is_refused() {
    let offer = offer();
    let seller = Seller::selling(offer, |_| std::future::ready(StatusCode::OK.into_response())).await;
    let request = Request::get(&seller.url).unwrap();
    let pinned = Address::repeat_byte(0x01);
    let policy = Policy { payees: BTreeMap::from([(request.host().to_owned(), pinned)]), ..Buyer::policy() };
    let buyer = Buyer::new();
    let error = buyer.client_with(policy).await.send(&request, &Terms::default()).await.unwrap_err();
    let SendError::NoOffer(none) = error else { panic!("{error:?}") };
    assert_eq!(none.rejections, [Rejection::Payee { offered: PAYEE, pinned }]);
    assert!(seller.payments().is_empty());
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let elsewhere = Seller::selling(offer(), |_| std::future::ready(StatusCode::OK.into_response())).await;
    let location = elsewhere.url.clone();
    let redirect = move || (StatusCode::TEMPORARY_REDIRECT, [("location", location.clone())]).into_response();
    let error = refusal(Buyer::policy(), Terms::default(), redirect).await;
    assert!(matches!(error, SendError::Redirected { location } if location == elsewhere.url));
    assert!(elsewhere.calls().is_empty());
}

#[tokio::test]
async fn a_huge_offer_header_is_refused() {
    let huge = || (StatusCode::PAYMENT_REQUIRED, [(PAYMENT_REQUIRED, "A".repeat(17 * 1024))]).into_response();
    let error = refusal(Buyer::policy(), Terms::default(), huge).await;
    assert!(matches!(error, SendError::Challenge(ChallengeError::Header(_))), "{error:?}");
}

#[tokio::test]
async fn a_megabyte_of_headers_is_refused() {
    let huge =
        || (StatusCode::PAYMENT_REQUIRED, [(PAYMENT_REQUIRED, "A".repeat(1024 * 1024))]).into_response();
    let error = refusal(Buyer::policy(), Terms::default(), huge).await;
    assert!(matches!(error, SendError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn two_offer_headers_are_refused() {
    let twice = || {
        let mut answer = ask_for(&offer());
        let again = answer.headers()[PAYMENT_REQUIRED].clone();
        answer.headers_mut().append(PAYMENT_REQUIRED, again);
        answer
    };
    let error = refusal(Buyer::policy(), Terms::default(), twice).await;
    assert!(matches!(error, SendError::Challenge(ChallengeError::Repeated)), "{error:?}");
}

#[tokio::test]
async fn a_402_without_an_offer_is_refused() {
    let error =
        refusal(Buyer::policy(), Terms::default(), || StatusCode::PAYMENT_REQUIRED.into_response()).await;
    assert!(matches!(error, SendError::Challenge(ChallengeError::Body(_))), "{error:?}");
}

#[tokio::test]
async fn an_offer_of_an_unknown_version_is_refused() {
    let future = || {
        let offer = json!({ "x402Version": 3, "resource": { "url": "http://x" }, "accepts": [] });
        (StatusCode::PAYMENT_REQUIRED, [(PAYMENT_REQUIRED, encode_header(&offer).unwrap())]).into_response()
    };
    let error = refusal(Buyer::policy(), Terms::default(), future).await;
    assert!(matches!(error, SendError::Challenge(ChallengeError::Version(3))), "{error:?}");
}

#[tokio::test]
async fn an_offer_on_unknown_chains_alone_is_refused() {
    let solana =
        || ask(vec![Accept::Other(json!({ "scheme": "exact", "network": "solana:mainnet", "amount": "1" }))]);
    match refusal(Buyer::policy(), Terms::default(), solana).await {
        SendError::NoOffer(none) => assert!(none.rejections.is_empty()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn extensions_too_large_to_echo_are_not_signed() {
    let extensions = json!({ "filler": { "info": { "text": "x".repeat(11_600) }, "schema": {} } });
    let required = json!({
        "x402Version": 2, "resource": { "url": "http://x" }, "accepts": [offer()], "extensions": extensions,
    });
    let header = encode_header(&required).unwrap();
    let asked = move || (StatusCode::PAYMENT_REQUIRED, [(PAYMENT_REQUIRED, header.clone())]).into_response();
    let error = refusal(Buyer::policy(), Terms::default(), asked).await;
    assert!(matches!(error, SendError::Sign(_)), "{error:?}");
}
