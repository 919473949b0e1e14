use std::time::Duration;

use futures_util::future::join_all;
use scratch_postgres::ScratchPostgres;
use sqlx::{Connection, PgConnection};
use tokio::{sync::mpsc, task::JoinHandle};
use x402::{Address, Network, PaymentId};

use super::{
    claims,
    place::{PAY_TO, Place, operate, payment, to, won},
};
use crate::{
    Flow, Ledger, LedgerError, Money, Work,
    ledger::{Claim, NewPayment},
};

#[tokio::test]
async fn a_server_that_forgets_is_refused() {
    let place = Place::postgres();
    for setting in ["synchronous_commit", "fsync"] {
        operate(&place.url(), &format!("ALTER SYSTEM SET {setting} = off")).await;
        operate(&place.url(), "SELECT pg_reload_conf()").await;
        let patience = tokio::time::Instant::now() + Duration::from_secs(10);
        let refused = loop {
            match place.open_for(Network::BaseSepolia, PAY_TO).await {
                Err(error) => break error,
                Ok(_) => assert!(tokio::time::Instant::now() < patience, "{setting} was reloaded"),
            }
        };
        assert!(matches!(&refused, LedgerError::NotDurable(why) if why.contains(setting)), "{refused}");
        operate(&place.url(), &format!("ALTER SYSTEM SET {setting} = on")).await;
    }
}

#[tokio::test]
async fn promises_are_counted_whatever_isolation_the_database_prefers() {
    let place = Place::postgres();
    let strict = "ALTER DATABASE postgres SET default_transaction_isolation = 'repeatable read'";
    operate(&place.url(), strict).await;
    claims::a_payer_never_promises_more_than_it_holds(&place).await;
}

#[tokio::test]
async fn of_sellers_that_start_at_once_on_an_empty_database_one_owns_it() {
    let place = Place::postgres();
    let sellers = (0..6).map(|seller| place.open_for(Network::BaseSepolia, Address::repeat_byte(seller % 2)));
    let opened = join_all(sellers).await;
    assert_eq!(opened.iter().filter(|ledger| ledger.is_ok()).count(), 3, "every replica of one of them");
    let others = opened.iter().filter(|ledger| matches!(ledger, Err(LedgerError::OtherOwner(_))));
    assert_eq!(others.count(), 3);
}

#[tokio::test]
async fn a_replica_that_starts_leaves_the_others_leases_alone() {
    let place = Place::postgres();
    let first = place.open().await;
    let record = won(&first, payment(Flow::Upfront)).await;
    let second = place.open().await;
    assert!(second.get(record.id).await.expect("read").expect("there").leased);
    assert!(second.take_unfinished(10, 0).await.expect("asked").is_empty());
}

/// A commit that waits for a standby which does not exist is durable here, and its session ends without an answer.
#[tokio::test]
async fn a_commit_that_nobody_answers_for_is_not_known_and_a_claim_is_recognised() {
    let place = Place::postgres();
    let ledger = place.open().await;
    let standby = "ALTER SYSTEM SET synchronous_standby_names = 'nobody'";
    operate(&place.url(), standby).await;
    operate(&place.url(), "SELECT pg_reload_conf()").await;

    let record = loop {
        let (claiming, payment) = (ledger.clone(), payment(Flow::Authorize));
        let claim = tokio::spawn(async move { claiming.claim(payment).await });
        if hangs(&place.url(), &claim).await {
            end_waiting_sessions(&place.url()).await;
            match claim.await.expect("joined").expect("the second try finds it") {
                Claim::Won(record) => break record,
                other => panic!("not recognised: {other:?}"),
            }
        }
    };

    let (updating, update) = (ledger.clone(), to(&record, Money::Settling, Work::Served));
    let update = tokio::spawn(async move { updating.update(update).await });
    assert!(hangs(&place.url(), &update).await);
    end_waiting_sessions(&place.url()).await;
    assert!(matches!(update.await.expect("joined"), Err(LedgerError::NotKnown)));
    let record = ledger.get(record.id).await.expect("read").expect("there");
    assert_eq!((record.money, record.work), (Money::Settling, Work::Served), "it was durable after all");
}

/// Whether a change comes to wait for the standby, rather than to its end.
async fn hangs<T>(url: &str, change: &JoinHandle<T>) -> bool {
    let mut operator = PgConnection::connect(url).await.expect("connected");
    while !change.is_finished() {
        let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        if sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut operator).await.expect("counted") > 0 {
            return true;
        }
    }
    false
}

async fn end_waiting_sessions(url: &str) {
    operate(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_outlives_a_crash_and_the_ledger_goes_on() {
    let mut server = ScratchPostgres::start().expect("a server");
    let ledger = Ledger::open(&server.url(), Network::BaseSepolia, PAY_TO).await.expect("opened");
    let (answered, mut claims) = mpsc::channel(1);
    for _ in 0..8 {
        tokio::spawn(claim_on(ledger.clone(), answered.clone()));
    }
    let mut won = Vec::new();
    for _ in 0..100 {
        won.push(claims.recv().await.expect("claims go on"));
    }
    let restart = tokio::task::spawn_blocking(move || {
        server.control("restart --mode=immediate").expect("crashed and recovered");
        server
    });
    while !restart.is_finished() {
        won.extend(claims.try_recv());
        tokio::task::yield_now().await;
    }
    let _server = restart.await.expect("joined");
    for _ in 0..100 {
        won.push(claims.recv().await.expect("the same ledger goes on"));
    }
    drop(claims);
    for id in won {
        assert!(ledger.get(id).await.expect("read").is_some(), "an answered claim is lost");
    }
}

/// Claims one payment after another, and tells which were won, as long as somebody listens.
async fn claim_on(ledger: Ledger, answered: mpsc::Sender<PaymentId>) {
    while !answered.is_closed() {
        if let Ok(Claim::Won(record)) = ledger.claim(payment(Flow::Authorize)).await {
            let _ = answered.send(record.id).await;
        }
    }
}

#[tokio::test]
async fn a_table_that_somebody_locks_is_an_error_and_not_a_hang() {
    let place = Place::postgres();
    let ledger = place.open().await;
    let mut other = PgConnection::connect(&place.url()).await.expect("connected");
    sqlx::raw_sql("BEGIN; LOCK TABLE payments").execute(&mut other).await.expect("locked");
    let refused = ledger.claim(payment(Flow::Authorize)).await;
    assert!(matches!(refused, Err(LedgerError::Database(_))), "{refused:?}");
    other.close().await.expect("closed");
    won(&ledger, NewPayment { lease_ms: 0, ..payment(Flow::Authorize) }).await;
}
