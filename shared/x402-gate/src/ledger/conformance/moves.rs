use std::collections::{HashMap, VecDeque};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::SET_COOKIE};
use x402::{Address, B256, Network};

use super::place::{MINUTE, PAY_TO, Place, moved, payment, to, won};
use crate::{
    Flow, Ledger, LedgerError, Money, Work,
    ledger::{Answer, NewPayment, Record, Update},
};

/// Every pair of states, tried on a payment that was led to the first of them by allowed moves.
pub(super) async fn the_database_allows_what_the_types_allow(place: &Place) {
    let ledger = place.open().await;
    for from in Money::ALL {
        for next in Money::ALL {
            let record = led(&ledger, from, Work::Running).await;
            check(&ledger, &record, to(&record, next, Work::Running), from.may_become(next)).await;
        }
    }
    for from in Work::ALL {
        for next in Work::ALL {
            let record = led(&ledger, Money::Settling, from).await;
            check(&ledger, &record, to(&record, Money::Settling, next), from.may_become(next)).await;
        }
    }
}

async fn check(ledger: &Ledger, record: &Record, update: Update, allowed: bool) {
    let wanted = update.to;
    let outcome = ledger.update(update).await;
    let now = ledger.get(record.id).await.expect("read").expect("there");
    if allowed {
        outcome.unwrap_or_else(|error| panic!("{:?} to {wanted:?}: {error}", (record.money, record.work)));
        assert_eq!((now.money, now.work), wanted);
    } else {
        assert!(
            matches!(outcome, Err(LedgerError::Database(_))),
            "{:?} to {wanted:?}",
            (record.money, record.work)
        );
        assert_eq!((now.money, now.work), (record.money, record.work));
    }
}

/// A new payment, led to a state along the shortest way.
async fn led(ledger: &Ledger, money: Money, work: Work) -> Record {
    let flow = if money == Money::Open { Flow::Authorize } else { Flow::Upfront };
    let mut record = won(ledger, payment(flow)).await;
    for work in way(record.work, work, &Work::ALL, Work::may_become) {
        record = moved(ledger, Update { lease_ms: MINUTE, ..to(&record, record.money, work) }).await;
    }
    for money in way(record.money, money, &Money::ALL, Money::may_become) {
        record = moved(ledger, Update { lease_ms: MINUTE, ..to(&record, money, record.work) }).await;
    }
    record
}

/// The states on the shortest way from one to another, the first left out.
fn way<S: Copy + Eq + std::hash::Hash>(
    from: S,
    to: S,
    all: &[S],
    may_become: impl Fn(S, S) -> bool,
) -> Vec<S> {
    let mut before = HashMap::from([(from, from)]);
    let mut queue = VecDeque::from([from]);
    while let Some(state) = queue.pop_front() {
        for next in all.iter().copied().filter(|next| may_become(state, *next)) {
            before.entry(next).or_insert_with(|| {
                queue.push_back(next);
                state
            });
        }
    }
    let back = std::iter::successors(Some(to), |state| before.get(state).copied());
    let mut way: Vec<_> = back.take_while(|state| *state != from).collect();
    way.reverse();
    way
}

pub(super) async fn an_answer_is_read_back_byte_for_byte(place: &Place) {
    let ledger = place.open().await;
    let record = won(&ledger, payment(Flow::Authorize)).await;
    let mut headers = HeaderMap::new();
    headers.append(SET_COOKIE, HeaderValue::from_static("a=1"));
    headers.append(SET_COOKIE, HeaderValue::from_static("b=2"));
    headers.insert(
        HeaderName::from_static("x-binary"),
        HeaderValue::from_bytes(&[0xe9, 0xff]).expect("a value"),
    );
    let body = (0..=u8::MAX).collect::<Vec<_>>().into();
    let answer = Answer { status: StatusCode::IM_A_TEAPOT, headers, body };
    let served =
        moved(&ledger, Update { answer: Some(answer.clone()), ..to(&record, Money::Settling, Work::Served) });
    assert_eq!(served.await.answer, Some(answer.clone()));

    // What is learnt later leaves the answer alone, and a facilitator may give any reason.
    let record = ledger.get(record.id).await.expect("read").expect("there");
    let (reason, transaction) = (Some("no \0 idea \u{1f937}".to_owned()), Some(B256::repeat_byte(5)));
    let unknown = Update { reason, transaction, ..to(&record, Money::Unknown, Work::Served) };
    let unknown = moved(&ledger, unknown).await;
    assert_eq!(unknown.answer, Some(answer));
    assert_eq!(unknown.reason.as_deref(), Some("no \u{fffd} idea \u{1f937}"));
    assert_eq!((unknown.transaction, unknown.settled), (Some(B256::repeat_byte(5)), None));

    let update = to(&unknown, Money::Settled, Work::Served);
    let (proof, settled) = (update.settled, moved(&ledger, update).await);
    assert_eq!(settled.settled, proof);
    assert_eq!(settled.transaction, proof.map(|proof| proof.transaction));
}

pub(super) async fn an_answer_is_forgotten_when_its_time_is_over_and_its_proof_never(place: &Place) {
    let ledger = place.open().await;
    let mut paid = Vec::new();
    for work in [Work::Served, Work::Running] {
        let record = won(&ledger, NewPayment { request: Some(vec![1]), ..payment(Flow::Upfront) }).await;
        let running = moved(&ledger, to(&record, Money::Settled, Work::Running)).await;
        let proof = Some("{}".to_owned());
        paid.push(moved(&ledger, Update { proof, ..to(&running, Money::Settled, work) }).await);
    }
    let expire = async |retention| ledger.expire_answers(retention, 10).await.expect("expired");
    assert_eq!(expire(MINUTE).await, 0, "not yet");
    assert_eq!(expire(0).await, 1);
    assert_eq!(expire(0).await, 0, "once");
    let read = async |id| ledger.get(id).await.expect("read").expect("there");
    let served = read(paid[0].id).await;
    assert_eq!((served.work, served.answer, served.request), (Work::Served, None, None));
    assert_eq!(served.proof.as_deref(), Some("{}"));
    assert!(read(paid[1].id).await.request.is_some(), "work that is still to be done");
}

pub(super) async fn a_change_under_an_old_fence_changes_nothing(place: &Place) {
    let ledger = place.open().await;
    let old = won(&ledger, NewPayment { lease_ms: 0, ..payment(Flow::Authorize) }).await;
    let fence = ledger.take_over(&old, MINUTE).await.expect("taken over");
    assert!(fence > old.fence);
    let served = to(&old, Money::Settling, Work::Served);
    assert!(matches!(ledger.update(served.clone()).await, Err(LedgerError::Fenced)));
    let record = ledger.get(old.id).await.expect("read").expect("there");
    assert_eq!((record.money, record.work, record.leased), (Money::Open, Work::Running, true));

    ledger.update(Update { fence, ..served.clone() }).await.expect("under the new fence");
    let again = ledger.update(Update { fence, ..served }).await;
    assert!(matches!(again, Err(LedgerError::Fenced)), "it has left the state that this starts from");
}

pub(super) async fn a_transfer_vouches_for_one_payment(place: &Place) {
    let ledger = place.open().await;
    let (first, second) =
        (won(&ledger, payment(Flow::Upfront)).await, won(&ledger, payment(Flow::Upfront)).await);
    let paid = to(&first, Money::Settled, Work::Running);
    let stolen = Update { settled: paid.settled, ..to(&second, Money::Settled, Work::Running) };
    ledger.update(paid).await.expect("settled");
    assert!(matches!(ledger.update(stolen).await, Err(LedgerError::Database(_))));
    let record = ledger.get(second.id).await.expect("read").expect("there");
    assert_eq!((record.money, record.settled), (Money::Settling, None));
}

pub(super) async fn a_ledger_belongs_to_one_payee_on_one_network(place: &Place) {
    place.open().await.close().await;
    for (network, payee) in [(Network::BaseSepolia, Address::ZERO), (Network::Base, PAY_TO)] {
        let refused = place.open_for(network, payee).await;
        assert!(matches!(refused, Err(LedgerError::OtherOwner(_))), "{network} {payee}");
    }
    place.open().await.ping().await.expect("its own");
}
