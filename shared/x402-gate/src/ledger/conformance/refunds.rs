use x402::{B256, PaymentId, Usdc};

use super::place::{MINUTE, Place, moved, payment, random, to, won};
use crate::{
    Flow, Ledger, Money, Work,
    ledger::{Record, Refunding, Reservation, Update},
};

const OWED: Usdc = Usdc::from_atomic(300);

/// A payment that is served, of whose price a part is owed back.
async fn served(ledger: &Ledger) -> Record {
    let record = won(ledger, payment(Flow::Authorize)).await;
    moved(ledger, Update { owed: Some(OWED), ..to(&record, Money::Settling, Work::Served) }).await
}

async fn settled(ledger: &Ledger) -> Record {
    let record = served(ledger).await;
    moved(ledger, to(&record, Money::Settled, Work::Served)).await
}

async fn taken(ledger: &Ledger) -> Vec<Record> {
    ledger.take_refunds(16, MINUTE).await.expect("taken")
}

fn reservation(amount: Usdc, daily_budget: Usdc) -> Reservation {
    Reservation { id: PaymentId(random::<32>().into()), amount, daily_budget }
}

pub(super) async fn a_part_is_owed_once_the_payment_has_settled_and_given_back_once(place: &Place) {
    let ledger = place.open().await;
    let record = served(&ledger).await;
    assert_eq!((record.debt(), taken(&ledger).await.len()), (None, 0), "nothing was paid yet");
    moved(&ledger, to(&record, Money::Settled, Work::Served)).await;
    assert_eq!(ledger.refunds_owed().await.expect("counted"), 1);

    let record = taken(&ledger).await.remove(0);
    assert_eq!((record.debt(), record.refund), (Some(OWED), Refunding::NotBegun));
    assert!(taken(&ledger).await.is_empty(), "somebody works on it");
    let reserve = async || ledger.reserve_refund(&record, reservation(OWED, OWED)).await.expect("asked");
    assert!(reserve().await);
    assert!(!reserve().await, "once");
    ledger.note_refund(&record, false, None, 0).await.expect("let go");

    let again = taken(&ledger).await.remove(0);
    assert_eq!((again.money, again.refund), (Money::Settled, Refunding::Reserved));
    let transaction = B256::repeat_byte(9);
    ledger.note_refund(&again, true, Some(transaction), 0).await.expect("noted");
    let done = ledger.get(record.id).await.expect("read").expect("there");
    assert_eq!((done.money, done.work, done.refund), (Money::Settled, Work::Served, Refunding::Done));
    assert_eq!((done.debt(), done.refund_transaction), (Some(OWED), Some(transaction)));
    assert_eq!((taken(&ledger).await.len(), ledger.refunds_owed().await.expect("counted")), (0, 0));
}

pub(super) async fn no_refund_is_of_more_than_is_owed_or_left_in_the_day_s_budget(place: &Place) {
    let ledger = place.open().await;
    let (more, plenty) = (Usdc::from_atomic(OWED.atomic() + 1), Usdc::from_atomic(u32::MAX.into()));
    for _ in 0..2 {
        settled(&ledger).await;
    }
    let records = taken(&ledger).await;
    let reserve = async |record, amount, budget| {
        ledger.reserve_refund(record, reservation(amount, budget)).await.expect("asked")
    };
    assert!(!reserve(&records[0], more, plenty).await);
    let two = Usdc::from_atomic(2 * OWED.atomic());
    let both = tokio::join!(reserve(&records[0], OWED, more), reserve(&records[1], OWED, more));
    assert!(both.0 != both.1, "one of two at once, where the budget is of one: {both:?}");
    let left = if both.0 { &records[1] } else { &records[0] };
    assert!(!reserve(left, OWED, more).await);
    assert!(reserve(left, OWED, two).await);
}
