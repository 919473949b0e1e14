//! A crash at the worst moment: the payment has left, and nobody heard the answer.

use std::{fs, os::unix::fs::MetadataExt, path::Path, sync::Arc};

use axum::{http::StatusCode, response::IntoResponse};
use tokio::sync::Notify;
use x402_buyer::{Request, SpendLedger, State, Terms};

use crate::support::{Buyer, BuyerProcess, Call, Seller, offer, settled};

#[tokio::test]
async fn the_intent_is_on_disk_when_the_payment_arrives() {
    let buyer = Buyer::new();
    let file = buyer.ledger_file();
    let seller = Seller::selling(offer(), move |call| {
        let file = file.clone();
        async move {
            let ledger = SpendLedger::open(&file).await.unwrap();
            let open = ledger.open_payments().await.unwrap();
            let intent = ledger.intent(open[0]).await.unwrap().unwrap();
            let header = intent.payment.payload.header().unwrap().1;
            if Some(header) == call.payment_header() && intent.state == State::Sent {
                settled("recorded")
            } else {
                StatusCode::BAD_REQUEST.into_response()
            }
        }
    })
    .await;
    let answer =
        buyer.client().await.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await.unwrap();
    assert_eq!(answer.body, "recorded");
}

#[tokio::test]
async fn a_killed_buyer_keeps_the_reservation_and_resumes_the_same_payment() {
    let arrived = Arc::new(Notify::new());
    let signal = Arc::clone(&arrived);
    let seller = Seller::selling(offer(), move |call| {
        let signal = Arc::clone(&signal);
        async move {
            if call.payments_before == 0 {
                signal.notify_one();
                return std::future::pending().await;
            }
            settled("at last")
        }
    })
    .await;
    let buyer = BuyerProcess::new().await;
    assert!(buyer.run(&["budget", "set", "total", "--per-day", "0.0015"]).await.status.success());
    let mut process = buyer.spawn(&["pay", &seller.url, "-d", r#"{"q":1}"#, "-H", "X-Key: secret"]);
    arrived.notified().await;
    process.kill().await.unwrap();

    let ledger = buyer.ledger().await;
    let open = ledger.open_payments().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(ledger.intent(open[0]).await.unwrap().unwrap().state, State::Sent);
    let again = buyer.run(&["pay", &seller.url]).await;
    assert_eq!(again.status.code(), Some(77), "the reservation counts against the budget");

    let resumed = buyer.run(&["resume", &open[0].to_string()]).await;
    assert_eq!(String::from_utf8(resumed.stdout).unwrap(), "at last");
    let payments: Vec<_> = seller.calls().into_iter().filter(Call::is_paid).collect();
    assert_eq!(payments.len(), 2);
    assert_eq!(payments[0].payment_header(), payments[1].payment_header());
    assert_eq!(payments[0].hash(), payments[1].hash(), "the request is the same to the last byte");
    assert_eq!(payments[1].header("x-key"), "secret");
    assert_eq!(ledger.intent(open[0]).await.unwrap().unwrap().state, State::Paid);
}

#[tokio::test]
async fn the_ledger_is_private_and_two_first_starts_at_once_do_no_harm() {
    let buyer = BuyerProcess::without_wallet();
    let data = buyer.folder().join("deep/data");
    let starts: Vec<_> =
        (0..6).map(|_| buyer.command(&["history"]).env("BUYER_DATA", &data).spawn().unwrap()).collect();
    for start in starts {
        let output = start.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&data), mode(&data.join("buyer.db"))), (0o700, 0o600));
}
