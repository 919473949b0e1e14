use futures_util::future::join_all;
use x402::{ErrorReason, Usdc};

use super::place::{MINUTE, PRICE, Place, copy, moved, next, payment, to, won};
use crate::{
    Flow, Ledger, Money, Work,
    ledger::{Claim, NewPayment, Update},
};

pub(super) async fn a_claim_is_read_back_as_it_was_made(place: &Place) {
    let ledger = place.open().await;
    for (flow, money, work, runs) in
        [(Flow::Authorize, Money::Open, Work::Running, 1), (Flow::Upfront, Money::Settling, Work::None, 0)]
    {
        let payment = NewPayment { request: Some(vec![0, 159, 146, 150]), ..payment(flow) };
        let record = won(&ledger, payment.clone()).await;
        assert_eq!((record.id, record.key), (payment.key.id(), payment.key));
        assert_eq!((record.flow, record.money, record.work, record.runs), (flow, money, work, runs));
        assert_eq!((record.amount, record.route.as_str(), record.bound), (PRICE, "POST /item", true));
        assert_eq!((record.request_hash, &record.request), (payment.request_hash, &payment.request));
        assert_eq!(record.settlement, payment.settlement);
        assert_eq!((record.valid_before, record.claimed_block), (i64::MAX as u64, 7), "clipped, not wrapped");
        assert!(record.leased && record.answer.is_none() && record.settled.is_none());

        let found = ledger.get(record.id).await.expect("read").expect("there");
        assert_eq!(format!("{found:?}"), format!("{record:?}"));
    }
    assert_eq!(ledger.pending().await.expect("counted"), 1, "the upfront one waits for its money");
    assert!(ledger.get(payment(Flow::Upfront).key.id()).await.expect("read").is_none());
    ledger.ping().await.expect("it answers");
}

pub(super) async fn of_many_copies_one_wins(place: &Place) {
    let replicas = place.replicas().await;
    let payment = payment(Flow::Authorize);
    let copies = (0..64).map(|_| copy(&payment)).collect();
    let claims = at_once(&replicas, copies).await;
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Claim::Won(_))).count(), 1);
    let lost =
        claims.iter().filter(|claim| matches!(claim, Claim::Lost(record) if record.id == payment.key.id()));
    assert_eq!(lost.count(), 63);
}

pub(super) async fn a_payer_never_promises_more_than_it_holds(place: &Place) {
    let replicas = place.replicas().await;
    let poor = NewPayment { balance: Usdc::from_atomic(5 * PRICE.atomic()), ..payment(Flow::Authorize) };
    let claims = at_once(&replicas, (0..48).map(|_| next(&poor)).collect()).await;
    let won: Vec<_> = claims.iter().filter(|claim| matches!(claim, Claim::Won(_))).collect();
    assert_eq!(won.len(), 5, "as many as the balance covers");
    assert!(claims.iter().all(|claim| matches!(claim, Claim::Won(_) | Claim::Overcommitted)));

    let broke = NewPayment { balance: Usdc::from_atomic(PRICE.atomic() - 1), ..payment(Flow::Authorize) };
    assert!(matches!(replicas[0].claim(broke).await, Ok(Claim::Overcommitted)), "one unit short");

    let Claim::Won(promise) = won[0] else { unreachable!() };
    moved(&replicas[0], to(promise, Money::Dead, Work::Failed)).await;
    assert!(matches!(replicas[0].claim(next(&poor)).await, Ok(Claim::Won(_))), "a dead promise binds nobody");
}

pub(super) async fn what_settled_after_the_balance_was_read_is_not_promised_again(place: &Place) {
    let ledger = place.open().await;
    let first = NewPayment { balance: PRICE, ..payment(Flow::Upfront) };
    let record = won(&ledger, first.clone()).await;
    let paid = moved(&ledger, to(&record, Money::Settled, Work::Running)).await;
    let settled_in = paid.settled.expect("settled").block_number;

    // Read when the first payment's money was still there.
    let stale = NewPayment { claimed_block: settled_in - 1, ..next(&first) };
    assert!(matches!(ledger.claim(stale).await, Ok(Claim::Overcommitted)));
    let fresh = NewPayment { claimed_block: settled_in, ..next(&first) };
    assert!(matches!(ledger.claim(fresh).await, Ok(Claim::Won(_))), "a balance that was read since counts");
}

pub(super) async fn a_purchase_is_made_by_one_payment_until_that_is_dead(place: &Place) {
    let replicas = place.replicas().await;
    let named = NewPayment { identifier: Some("purchase-number-1".to_owned()), ..payment(Flow::Authorize) };
    let claims = at_once(&replicas, (0..32).map(|_| next(&named)).collect()).await;
    let won = claims.iter().filter_map(|claim| match claim {
        Claim::Won(record) => Some(record),
        Claim::Lost(_) | Claim::Overcommitted => None,
    });
    let won: Vec<_> = won.collect();
    let [won] = won.as_slice() else { panic!("{} claims won", won.len()) };
    let same = |claim: &&Claim| matches!(claim, Claim::Lost(record) if record.id == won.id);
    assert_eq!(claims.iter().filter(same).count(), 31, "the others learn of the first");

    let ledger = &replicas[0];
    for other in [
        NewPayment { route: "POST /other".to_owned(), ..next(&named) },
        NewPayment { identifier: Some("purchase-number-2".to_owned()), ..next(&named) },
        NewPayment { identifier: named.identifier.clone(), ..payment(Flow::Authorize) },
    ] {
        assert!(matches!(ledger.claim(other).await, Ok(Claim::Won(_))), "another purchase");
    }
    let find = async || ledger.identified(named.key.payer, &named.route, "purchase-number-1").await;
    assert_eq!(find().await.expect("read").expect("there").identifier, named.identifier);
    moved(ledger, to(won, Money::Dead, Work::Failed)).await;
    assert!(find().await.expect("read").is_none(), "a dead payment makes no purchase");
    let Ok(Claim::Won(second)) = ledger.claim(next(&named)).await else { panic!("the way is free") };
    assert_eq!(find().await.expect("read").expect("there").id, second.id);
}

pub(super) async fn who_lets_others_work_for_nothing_pays_first(place: &Place) {
    let ledger = place.open().await;
    let failing = payment(Flow::Authorize);
    for failed in 0..3 {
        assert!(!ledger.must_pay_first(failing.key.payer, 3).await.expect("read"), "after {failed}");
        let record = won(&ledger, next(&failing)).await;
        moved(&ledger, to(&record, Money::Open, Work::Failed)).await;
    }
    assert!(ledger.must_pay_first(failing.key.payer, 3).await.expect("read"));
    assert!(!ledger.must_pay_first(failing.key.payer, 4).await.expect("read"));

    for (reason, first) in [
        (ErrorReason::AUTHORIZATION_BURNED, true),
        (ErrorReason::INSUFFICIENT_FUNDS, true),
        (ErrorReason::VALID_BEFORE, false),
    ] {
        let payment = payment(Flow::Authorize);
        let record = won(&ledger, payment.clone()).await;
        let served = Update { lease_ms: MINUTE, ..to(&record, Money::Settling, Work::Served) };
        let served = moved(&ledger, served).await;
        let reason = Some(reason.to_string());
        moved(&ledger, Update { reason, ..to(&served, Money::Dead, Work::Served) }).await;
        assert_eq!(ledger.must_pay_first(payment.key.payer, 3).await.expect("read"), first);
    }
}

pub(super) async fn a_claim_made_once_more_is_ones_own_until_it_is_taken_over(place: &Place) {
    let ledger = place.open().await;
    let payment = NewPayment { lease_ms: 0, ..payment(Flow::Authorize) };
    let record = won(&ledger, payment.clone()).await;
    assert!(matches!(ledger.claim(payment.clone()).await, Ok(Claim::Won(_))), "the same attempt");
    assert!(matches!(ledger.claim(copy(&payment)).await, Ok(Claim::Lost(_))), "another one");
    ledger.take_over(&record, MINUTE).await.expect("taken over");
    assert!(matches!(ledger.claim(payment).await, Ok(Claim::Lost(_))), "somebody else works on it");
}

/// Makes all claims at the same time, in turn at each replica.
async fn at_once(replicas: &[Ledger], payments: Vec<NewPayment>) -> Vec<Claim> {
    let claims = payments.into_iter().zip(replicas.iter().cycle().cloned());
    let claims = claims.map(|(payment, replica)| tokio::spawn(async move { replica.claim(payment).await }));
    let claims = join_all(claims.collect::<Vec<_>>()).await;
    claims.into_iter().map(|claim| claim.expect("joined").expect("answered")).collect()
}
