//! How many durable claims a second: figures to read, not to assert.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::place::{Place, next, payment};
use crate::{Flow, Ledger, ledger::Claim};

const MEASURED: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn durable_claims_a_second() {
    for (name, place) in [("SQLite", Place::sqlite()), ("Postgres", Place::postgres())] {
        let ledger = place.open().await;
        for buyers in [1, 16, 64, 512] {
            let claims = rate(&ledger, buyers, false).await;
            println!("{name}: {buyers} buyers with a payment each at a time: {claims:.0} claims/s");
        }
        let claims = rate(&ledger, 64, true).await;
        println!("{name}: one buyer with 64 payments at a time: {claims:.0} claims/s");
    }
}

async fn rate(ledger: &Ledger, callers: usize, one_buyer: bool) -> f64 {
    let (began, won) = (Instant::now(), AtomicU32::new(0));
    let buyer = payment(Flow::Authorize);
    let callers = (0..callers).map(|_| async {
        let mut payment = if one_buyer { buyer.clone() } else { payment(Flow::Authorize) };
        // What is promised stays promised here: the balance has to cover it.
        payment.balance = x402::Usdc::from_atomic(u64::MAX / 4);
        while began.elapsed() < MEASURED {
            payment = next(&payment);
            let claim = ledger.claim(payment.clone()).await.expect("claimed");
            assert!(matches!(claim, Claim::Won(_)));
            won.fetch_add(1, Ordering::Relaxed);
        }
    });
    join_all(callers).await;
    f64::from(won.into_inner()) / began.elapsed().as_secs_f64()
}
