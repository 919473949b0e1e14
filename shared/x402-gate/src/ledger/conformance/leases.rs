use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::place::{MINUTE, Place, moved, payment, to, won};
use crate::{
    Flow, Ledger, LedgerError, Money, Work,
    ledger::{NewPayment, Record, Update},
};

pub(super) async fn a_lease_keeps_others_away_until_it_is_let_go_or_runs_out(place: &Place) {
    let ledger = place.open().await;
    let record = won(&ledger, payment(Flow::Upfront)).await;
    assert!(matches!(ledger.take_over(&record, MINUTE).await, Err(LedgerError::Fenced)));
    assert!(ledger.take_unfinished(10, MINUTE).await.expect("asked").is_empty());

    let free = moved(&ledger, to(&record, Money::Unknown, Work::None)).await;
    assert!(!free.leased, "let go");
    let began = Instant::now();
    ledger.take_over(&free, 310).await.expect("taken over, for a moment");
    assert!(ledger.take_unfinished(10, MINUTE).await.expect("asked").is_empty() || late(began));
    while ledger.take_unfinished(10, MINUTE).await.expect("asked").is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10), "it runs out");
    }
    assert!(late(began), "and not before its time");
}

fn late(began: Instant) -> bool {
    began.elapsed() >= Duration::from_millis(300)
}

pub(super) async fn who_works_keeps_a_payment_and_what_was_let_go_stays_so(place: &Place) {
    let ledger = place.open().await;
    let leased = async |record: &Record| ledger.get(record.id).await.expect("read").expect("there").leased;
    let record = won(&ledger, NewPayment { lease_ms: 1, ..payment(Flow::Upfront) }).await;
    while leased(&record).await {}
    ledger.renew(record.id, record.fence, MINUTE).await.expect("nobody else has it");
    assert!(leased(&record).await);

    ledger.let_go(record.id, record.fence).await.expect("let go");
    ledger.renew(record.id, record.fence, MINUTE).await.expect("late, and nobody else has it");
    assert!(!leased(&record).await);

    let fence = ledger.take_over(&record, MINUTE).await.expect("free");
    assert!(matches!(ledger.renew(record.id, record.fence, MINUTE).await, Err(LedgerError::Fenced)));
    ledger.let_go(record.id, record.fence).await.expect("nothing of one's own");
    assert!(leased(&Record { fence, ..record }).await);
}

pub(super) async fn of_many_who_take_a_payment_over_one_does(place: &Place) {
    let replicas = place.replicas().await;
    let record = won(&replicas[0], NewPayment { lease_ms: 0, ..payment(Flow::Authorize) }).await;
    let takers = replicas.iter().cycle().take(16).map(|ledger| ledger.take_over(&record, MINUTE));
    let fences = join_all(takers).await;
    let taken: Vec<_> = fences.iter().filter_map(|fence| fence.as_ref().ok()).collect();
    assert_eq!(taken, [&(record.fence + 1)]);
    assert!(fences.iter().all(|fence| matches!(fence, Ok(_) | Err(LedgerError::Fenced))));
}

pub(super) async fn unfinished_work_is_shared_and_never_taken_twice(place: &Place) {
    let replicas = place.replicas().await;
    let mut unfinished = BTreeSet::new();
    for _ in 0..60 {
        let payment = NewPayment { lease_ms: 0, ..payment(Flow::Upfront) };
        unfinished.insert(won(&replicas[0], payment).await.id.0);
    }
    let taken =
        join_all((0..8).map(|taker| take_all(replicas[taker % replicas.len()].clone()))).await.concat();
    assert!(taken.iter().all(|record| record.leased && record.fence == 2));
    assert_eq!(taken.len(), 60, "none twice");
    assert_eq!(taken.iter().map(|record| record.id.0).collect::<BTreeSet<_>>(), unfinished, "none left");
}

async fn take_all(ledger: Ledger) -> Vec<Record> {
    let mut taken = Vec::new();
    loop {
        let more = ledger.take_unfinished(4, MINUTE).await.expect("asked");
        assert!(more.len() <= 4, "no more than asked for");
        match more.is_empty() {
            true => return taken,
            false => taken.extend(more),
        }
    }
}

pub(super) async fn what_waits_for_its_buyer_is_left_alone(place: &Place) {
    let ledger = place.open().await;
    let refused =
        |record| Update { reason: Some("refused".to_owned()), ..to(record, Money::Settling, Work::None) };
    let past = |flow| NewPayment { valid_before: 1, ..payment(flow) };

    // Left alone while its window is open: its buyer may send it again.
    let open = won(&ledger, payment(Flow::Authorize)).await;
    moved(&ledger, to(&open, Money::Open, Work::Failed)).await;
    let settling = won(&ledger, payment(Flow::Upfront)).await;
    moved(&ledger, refused(&settling)).await;
    // Left alone for ever.
    let dead = won(&ledger, past(Flow::Authorize)).await;
    moved(&ledger, to(&dead, Money::Dead, Work::Failed)).await;
    let served = won(&ledger, past(Flow::Upfront)).await;
    let served = moved(&ledger, to(&served, Money::Settled, Work::Running)).await;
    moved(&ledger, to(&served, Money::Settled, Work::Served)).await;
    assert!(ledger.take_unfinished(10, 0).await.expect("asked").is_empty());

    let open = won(&ledger, past(Flow::Authorize)).await;
    let settling = won(&ledger, past(Flow::Upfront)).await;
    let interrupted = won(&ledger, payment(Flow::Upfront)).await;
    let unknown = won(&ledger, payment(Flow::Upfront)).await;
    let paid = won(&ledger, payment(Flow::Upfront)).await;
    let failed = won(&ledger, payment(Flow::Upfront)).await;
    let kept = Update { lease_ms: MINUTE, ..to(&failed, Money::Settled, Work::Running) };
    let failed = moved(&ledger, kept).await;
    let due = [
        to(&open, Money::Open, Work::Failed),
        refused(&settling),
        to(&interrupted, Money::Settling, Work::None),
        to(&unknown, Money::Unknown, Work::None),
        to(&paid, Money::Settled, Work::Running),
        to(&failed, Money::Settled, Work::Failed),
    ];
    for update in due {
        let (state, id) = (update.to, update.id);
        moved(&ledger, update).await;
        let taken = ledger.take_unfinished(10, MINUTE).await.expect("asked");
        assert_eq!(taken.iter().map(|record| record.id).collect::<Vec<_>>(), [id], "{state:?}");
    }
}

pub(super) async fn what_was_taken_least_often_comes_first(place: &Place) {
    let ledger = place.open().await;
    for _ in 0..3 {
        won(&ledger, NewPayment { lease_ms: 0, ..payment(Flow::Upfront) }).await;
    }
    let mut taken = BTreeSet::new();
    for _ in 0..3 {
        taken.extend(ledger.take_unfinished(1, 0).await.expect("asked").iter().map(|record| record.id.0));
    }
    assert_eq!(taken.len(), 3, "nobody waits behind one that never ends");
}
