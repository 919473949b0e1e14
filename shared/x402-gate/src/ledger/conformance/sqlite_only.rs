use std::str::FromStr;

use futures_util::future::join_all;
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

use super::place::{Place, payment, to, won};
use crate::{Flow, LedgerError, Money, Work};

#[tokio::test]
async fn leases_of_a_process_that_ended_are_void() {
    let place = Place::sqlite();
    let ledger = place.open().await;
    let record = won(&ledger, payment(Flow::Upfront)).await;
    ledger.close().await;
    drop(ledger);
    let record = place.open().await.get(record.id).await.expect("read").expect("there");
    assert!(!record.leased);
}

#[tokio::test]
async fn a_change_that_is_refused_does_not_take_its_group_with_it() {
    let place = Place::sqlite();
    let ledger = place.open().await;
    let mut records = Vec::new();
    for _ in 0..40 {
        records.push(won(&ledger, payment(Flow::Authorize)).await);
    }
    // All in the writer's queue before it looks: every other one is illegal.
    let updates = records.iter().enumerate().map(|(index, record)| {
        let money = if index % 2 == 0 { Money::Settling } else { Money::Refunded };
        ledger.update(to(record, money, Work::Served))
    });
    for (index, outcome) in join_all(updates).await.into_iter().enumerate() {
        match index % 2 {
            0 => outcome.expect("legal"),
            _ => assert!(matches!(outcome, Err(LedgerError::Database(_)))),
        }
        let record = ledger.get(records[index].id).await.expect("read").expect("there");
        assert_eq!(record.work == Work::Served, index % 2 == 0);
    }
}

/// Reading goes on in WAL mode when nothing can be written: readiness must not be told by reading.
#[tokio::test]
async fn a_ledger_that_cannot_be_written_is_not_ready() {
    let place = Place::sqlite();
    let ledger = place.open().await;
    let record = won(&ledger, payment(Flow::Upfront)).await;
    let options = SqliteConnectOptions::from_str(&place.url()).expect("a URL");
    let mut other = options.connect().await.expect("connected");
    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut other).await.expect("locked");
    assert!(ledger.get(record.id).await.expect("read").is_some());
    assert!(ledger.ping().await.is_err(), "nothing can be written");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("unlocked");
    ledger.ping().await.expect("recovered");
}

#[tokio::test]
async fn readiness_is_a_change_that_reaches_the_disk() {
    let place = Place::sqlite();
    let ledger = place.open().await;
    let options = SqliteConnectOptions::from_str(&place.url()).expect("a URL");
    let mut other = options.connect().await.expect("connected");
    let mut checks = async || {
        let row: (i64,) =
            sqlx::query_as("SELECT checks FROM owner").fetch_one(&mut other).await.expect("a count");
        row.0
    };
    let before = checks().await;
    ledger.ping().await.expect("ready");
    assert_eq!(checks().await, before + 1);
}
