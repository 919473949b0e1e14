use futures_util::future::join_all;

use super::{
    channels::{call, opened},
    place::{Place, payment, to, won},
};
use crate::{
    Attached, Attachment, Flow, Ledger, LedgerError, Money, Work,
    ledger::{NewPayment, PaidCall, Record, Update},
};

fn attachment(kind: &str, key: &[u8]) -> Option<Attachment> {
    Some(Attachment { kind: kind.to_owned(), key: key.to_vec(), payload: [b"of ", key].concat() })
}

fn served(record: &Record, attachment: Option<Attachment>) -> Update {
    Update { attachment, ..to(record, Money::Settling, Work::Served) }
}

async fn serve(ledger: &Ledger, kind: &str, key: &[u8]) -> Record {
    let record = won(ledger, payment(Flow::Authorize)).await;
    ledger.update(served(&record, attachment(kind, key))).await.expect("served");
    record
}

async fn all(ledger: &Ledger, kind: &str) -> Vec<Attached> {
    ledger.attachments(kind, 0, 10_000).await.expect("read")
}

pub(super) async fn an_attachment_is_committed_with_the_answer_or_not_at_all(place: &Place) {
    let ledger = place.open().await;
    let old = won(&ledger, NewPayment { lease_ms: 0, ..payment(Flow::Authorize) }).await;
    let fence = ledger.take_over(&old, 60_000).await.expect("taken over");
    let late = ledger.update(served(&old, attachment("leaf", b"a"))).await;
    assert!(matches!(late, Err(LedgerError::Fenced)));
    assert_eq!(all(&ledger, "leaf").await, []);

    ledger.update(Update { fence, ..served(&old, attachment("leaf", b"a")) }).await.expect("served");
    let attached = Attached { seq: 1, payment: old.id, key: b"a".to_vec(), payload: b"of a".to_vec() };
    assert_eq!(all(&ledger, "leaf").await, std::slice::from_ref(&attached));
    let record = ledger.get(old.id).await.expect("read").expect("there");
    let settled = Update { fence, ..to(&record, Money::Settled, Work::Served) };
    ledger.update(settled).await.expect("settled");
    assert_eq!(all(&ledger, "leaf").await, [attached], "what comes later leaves it alone");
}

pub(super) async fn a_key_is_given_once(place: &Place) {
    let ledger = place.open().await;
    serve(&ledger, "leaf", b"a").await;
    let record = won(&ledger, payment(Flow::Authorize)).await;
    let taken = ledger.update(served(&record, attachment("leaf", b"a"))).await;
    assert!(matches!(taken, Err(LedgerError::AttachmentTaken)), "{taken:?}");
    let unmoved = ledger.get(record.id).await.expect("read").expect("there");
    assert_eq!((unmoved.work, unmoved.answer), (Work::Running, None));
    ledger.update(served(&record, attachment("voucher", b"a"))).await.expect("of another kind");
    assert_eq!((all(&ledger, "leaf").await.len(), all(&ledger, "voucher").await.len()), (1, 1));
}

pub(super) async fn calls_from_channels_and_payments_share_keys_and_order(place: &Place) {
    let ledger = place.open().await;
    let id = opened(&ledger, 0).await.id;
    let first = serve(&ledger, "leaf", b"a").await;
    let paid = |base, key: &[u8]| PaidCall { attachment: attachment("leaf", key), ..call(id, base, 700) };
    let taken = ledger.commit_call(&paid(0, b"a")).await;
    assert!(matches!(taken, Err(LedgerError::AttachmentTaken)), "{taken:?}");
    let unmoved = ledger.channel(id).await.expect("read").expect("there");
    assert_eq!((unmoved.charged.atomic(), unmoved.voucher), (0, None), "neither charge nor voucher");
    let second = paid(0, b"b");
    assert!(ledger.commit_call(&second).await.expect("committed"));
    assert!(!ledger.commit_call(&paid(0, b"c")).await.expect("answered"), "the base is taken");
    let record = won(&ledger, payment(Flow::Authorize)).await;
    let late = ledger.update(served(&record, attachment("leaf", b"b"))).await;
    assert!(matches!(late, Err(LedgerError::AttachmentTaken)), "{late:?}");
    let mut order: Vec<_> = all(&ledger, "leaf").await.into_iter().map(|it| (it.payment, it.key)).collect();
    order.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(order, [(first.id, b"a".to_vec()), (second.payment, b"b".to_vec())]);
}

pub(super) async fn readers_at_once_see_one_order_without_gaps(place: &Place) {
    const ANSWERS: u8 = 48;
    let replicas = place.replicas().await;
    let writers = (0..ANSWERS).map(|key| {
        let ledger = replicas[usize::from(key) % replicas.len()].clone();
        tokio::spawn(async move { serve(&ledger, "leaf", &[key]).await })
    });
    let readers = (0..4).map(|reader| {
        let ledger = replicas[reader % replicas.len()].clone();
        tokio::spawn(async move {
            let mut seen: Vec<Attached> = Vec::new();
            while seen.len() < usize::from(ANSWERS) {
                let after = seen.last().map_or(0, |last| last.seq);
                seen.extend(ledger.attachments("leaf", after, 5).await.expect("read"));
            }
            seen
        })
    });
    let (readers, writers): (Vec<_>, Vec<_>) = (readers.collect(), writers.collect());
    join_all(writers).await;
    let orders: Vec<_> = join_all(readers).await.into_iter().map(|order| order.expect("joined")).collect();
    assert!(orders.iter().all(|order| *order == orders[0]), "one order for all");
    assert!(orders[0].iter().map(|attached| attached.seq).eq(1..=u64::from(ANSWERS)), "without gaps");
}
