//! From the payment to the answer: what is sent again, and what becomes of the money.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use x402::{ErrorReason, Usdc};
use x402_buyer::{Answer, Budget, Budgets, PayingClient, Policy, Request, SendError, State, Terms};

use crate::support::{Buyer, Call, Seller, no_money, offer, settled};

/// Buys from a seller who answers the payments with `replies`, the last one for good.
async fn buy<const N: usize>(
    policy: Policy,
    replies: [fn() -> Response; N],
) -> (Seller, PayingClient, Buyer, Result<Answer, SendError>) {
    let reply = move |call: Call| std::future::ready(replies[call.payments_before.min(N - 1)]());
    let seller = Seller::selling(offer(), reply).await;
    let buyer = Buyer::new();
    let client = buyer.client_with(policy).await;
    let outcome = client.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await;
    (seller, client, buyer, outcome)
}

async fn only_state(client: &PayingClient) -> State {
    let history = client.ledger().history(10).await.unwrap();
    assert_eq!(history.len(), 1, "one payment and no other");
    history[0].state
}

fn assert_same_payments(seller: &Seller, times: usize) {
    let payments = seller.payments();
    assert_eq!(payments.len(), times);
    assert!(payments.iter().all(|payment| *payment == payments[0]), "every attempt is the same payment");
}

fn lost() -> Response {
    let failing = futures_util::stream::iter([Ok("half"), Err(std::io::Error::other("cut"))]);
    Body::from_stream(failing).into_response()
}

fn busy(status: StatusCode) -> Response {
    let mut answer = status.into_response();
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("0"));
    answer
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_payment() {
    let (seller, client, _buyer, outcome) = buy(Buyer::policy(), [lost, || settled("whole")]).await;
    let answer = outcome.unwrap();
    assert_eq!(answer.body, "whole");
    assert_eq!(answer.purchase.unwrap().attempts, 2);
    assert_same_payments(&seller, 2);
    assert_eq!(only_state(&client).await, State::Paid);
}

#[tokio::test]
async fn a_pending_settlement_and_a_busy_seller_are_waited_for() {
    let pending = || no_money(StatusCode::SERVICE_UNAVAILABLE, ErrorReason::SETTLEMENT_PENDING);
    let (seller, client, _buyer, outcome) =
        buy(Buyer::policy(), [|| busy(StatusCode::CONFLICT), pending, || settled("done")]).await;
    assert_eq!(outcome.unwrap().body, "done");
    assert_same_payments(&seller, 3);
    assert_eq!(only_state(&client).await, State::Paid);
}

#[tokio::test]
async fn an_outcome_that_stays_open_stays_reserved_and_can_be_resumed() {
    let policy = Policy { patience: Duration::ZERO, ..Buyer::policy() };
    let pending = || no_money(StatusCode::SERVICE_UNAVAILABLE, ErrorReason::SETTLEMENT_PENDING);
    let (seller, client, _buyer, outcome) = buy(policy, [pending, || settled("late")]).await;
    let error = outcome.unwrap_err();
    let id = error.payment_id().unwrap();
    assert!(matches!(error, SendError::Unresolved(_)), "{error:?}");
    assert!(error.to_string().contains(&format!("buyer resume {id}")), "{error}");
    assert_eq!(only_state(&client).await, State::Unknown);

    assert_eq!(client.resume(id).await.unwrap().body, "late");
    assert_same_payments(&seller, 2);
    assert_eq!(only_state(&client).await, State::Paid);

    assert_eq!(client.resume(id).await.unwrap().body, "late", "an answer at hand is not asked for again");
    assert_eq!(seller.payments().len(), 2);
}

#[tokio::test]
async fn a_failed_settlement_is_a_failure_and_stays_reserved() {
    let broke = || no_money(StatusCode::PAYMENT_REQUIRED, ErrorReason::INSUFFICIENT_FUNDS);
    let (seller, client, _buyer, outcome) = buy(Buyer::policy(), [broke]).await;
    let SendError::Refused(refused) = outcome.unwrap_err() else { panic!("a refusal") };
    assert_eq!(refused.reason.as_deref(), Some("insufficient_funds"));
    assert!(!refused.paid());
    assert_same_payments(&seller, 1);
    assert_eq!(only_state(&client).await, State::Unknown, "the authorization lives until it expires");
    let spent = client.ledger().spent(x402::Network::BaseSepolia, "total").await.unwrap();
    assert_eq!(spent, offer().amount);
}

#[tokio::test]
async fn a_seller_that_fails_at_its_work_is_asked_three_times() {
    let (seller, client, _buyer, outcome) =
        buy(Buyer::policy(), [|| StatusCode::INTERNAL_SERVER_ERROR.into_response()]).await;
    let error = outcome.unwrap_err();
    assert!(matches!(&error, SendError::Refused(refused) if refused.status.as_u16() == 500), "{error:?}");
    assert_same_payments(&seller, 3);
    assert_eq!(only_state(&client).await, State::Unknown);
}

#[tokio::test]
async fn a_seller_that_says_it_charges_nothing_is_not_asked_again() {
    let released =
        || (StatusCode::BAD_GATEWAY, r#"{"detail":"no such page","charged":false}"#).into_response();
    let (seller, client, _buyer, outcome) = buy(Buyer::policy(), [released]).await;
    let error = outcome.unwrap_err();
    assert!(matches!(&error, SendError::Refused(refused) if !refused.paid()), "{error:?}");
    assert_same_payments(&seller, 1);
    assert_eq!(only_state(&client).await, State::Unknown, "its word frees nothing");
}

#[tokio::test]
async fn paid_for_and_failed_is_spent() {
    let failed = || {
        let mut answer = settled("broken");
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        answer
    };
    let (_seller, client, _buyer, outcome) = buy(Buyer::policy(), [failed]).await;
    let SendError::Refused(refused) = outcome.unwrap_err() else { panic!("a refusal") };
    assert!(refused.paid());
    assert_eq!(only_state(&client).await, State::Paid);
}

#[tokio::test]
async fn a_payment_does_not_follow_a_redirect() {
    static ELSEWHERE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let elsewhere = Seller::start(|_| std::future::ready(settled("stolen"))).await;
    ELSEWHERE.set(elsewhere.url.clone()).unwrap();
    let redirect = || {
        (StatusCode::PERMANENT_REDIRECT, [("location", ELSEWHERE.get().unwrap().as_str())]).into_response()
    };
    let (_seller, client, _buyer, outcome) = buy(Buyer::policy(), [redirect]).await;
    let error = outcome.unwrap_err();
    assert!(matches!(&error, SendError::Refused(_)), "{error:?}");
    assert!(elsewhere.calls().is_empty(), "the payment never left for another host");
    assert_eq!(only_state(&client).await, State::Unknown);
}

#[tokio::test]
async fn an_answer_without_word_of_the_settlement_stays_reserved() {
    let (_seller, client, _buyer, outcome) = buy(Buyer::policy(), [|| "quiet".into_response()]).await;
    let purchase = outcome.unwrap().purchase.unwrap();
    assert_eq!(purchase.receipt.settlement, None);
    assert_eq!(only_state(&client).await, State::Unknown);
}

#[tokio::test]
async fn an_endless_answer_is_cut_off_and_not_paid_for_again() {
    let policy = Policy { max_answer_bytes: 1000, ..Buyer::policy() };
    let (seller, client, _buyer, outcome) = buy(policy, [|| settled("x".repeat(2000))]).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, SendError::Unresolved(_)), "{error:?}");
    assert_same_payments(&seller, 1);
    assert_eq!(only_state(&client).await, State::Unknown);
}

#[tokio::test]
async fn a_budget_with_an_open_payment_frees_only_when_it_is_resolved() {
    let mut budgets = Budgets::default();
    budgets.set("total", Budget { per_day: Some(Usdc::from_atomic(1500)), ..Budget::default() });
    let policy = Policy { patience: Duration::ZERO, budgets, ..Buyer::policy() };
    let (seller, client, _buyer, outcome) = buy(policy, [|| busy(StatusCode::CONFLICT)]).await;
    assert!(matches!(outcome, Err(SendError::Unresolved(_))));
    let again = client.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await;
    let SendError::Budget(exceeded) = again.unwrap_err() else { panic!("over budget") };
    assert_eq!((exceeded.spent, exceeded.price), (offer().amount, offer().amount));
    assert_eq!(exceeded.frees, x402_buyer::budget::Frees::WhenResolved);
    assert_eq!(seller.payments().len(), 1);
}
