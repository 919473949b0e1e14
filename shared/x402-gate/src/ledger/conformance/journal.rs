use x402::{Address, B256, Bytes};
use x402_facilitator::{Journal, Outgoing};

use super::place::{Place, moved, payment, random, to, won};
use crate::{Flow, Money, Work};

const SIGNER: Address = Address::repeat_byte(0x51);

pub(super) async fn a_signer_belongs_to_one_process_at_a_time(place: &Place) {
    let ledger = place.open().await;
    let (first, second) = (ledger.journal().expect("entropy"), ledger.journal().expect("entropy"));
    assert!(first.hold(SIGNER).await.expect("asked"));
    assert!(!second.hold(SIGNER).await.expect("asked"), "taken");
    assert!(first.hold(SIGNER).await.expect("asked"), "kept");
    assert!(second.hold(Address::repeat_byte(0x52)).await.expect("asked"), "another one is free");
}

pub(super) async fn a_transaction_stands_in_the_ledger_and_at_its_payments_before_it_is_sent(place: &Place) {
    let ledger = place.open().await;
    let journal = ledger.journal().expect("entropy");
    let (settling, working) =
        (won(&ledger, payment(Flow::Upfront)).await, won(&ledger, payment(Flow::Authorize)).await);
    let payments = [settling.key, working.key];
    let raw = Bytes::from(vec![2; 300]);
    assert!(journal.hold(SIGNER).await.expect("asked"));
    let mut hashes = Vec::new();
    for nonce in [7, 7, 8] {
        let hash = B256::from(random());
        let outgoing = Outgoing { hash, signer: SIGNER, nonce, raw: &raw, payments: &payments };
        journal.sending(&outgoing).await.expect("written");
        journal.sending(&outgoing).await.expect("the same once more");
        assert_eq!(ledger.get(settling.id).await.expect("read").expect("there").transaction, Some(hash));
        hashes.push((nonce, hash));
    }
    assert_eq!(ledger.get(working.id).await.expect("read").expect("there").transaction, None);
    let unknown = moved(&ledger, to(&settling, Money::Unknown, Work::None)).await;
    assert_eq!(unknown.transaction, Some(hashes[2].1), "what did not learn a hash keeps it");

    let written = journal.written(SIGNER).await.expect("read");
    let mut read: Vec<_> = written.iter().map(|one| (one.nonce, one.hash)).collect();
    read.sort_unstable();
    hashes.sort_unstable();
    assert_eq!(read, hashes, "each nonce keeps all its hashes");
    assert!(written.iter().all(|one| one.raw == raw));
    journal.forget(SIGNER, 8).await.expect("forgotten");
    let left: Vec<_> = journal.written(SIGNER).await.expect("read").iter().map(|one| one.nonce).collect();
    assert_eq!(left, [8]);
}

pub(super) async fn who_lost_a_signer_writes_nothing_down(place: &Place) {
    let ledger = place.open().await;
    let (mut slow, next) = (ledger.journal().expect("entropy"), ledger.journal().expect("entropy"));
    slow.lease_ms = 0;
    assert!(slow.hold(SIGNER).await.expect("asked"));
    let (hash, raw) = (B256::from(random()), Bytes::from(vec![2; 300]));
    let outgoing = Outgoing { hash, signer: SIGNER, nonce: 7, raw: &raw, payments: &[] };
    slow.sending(&outgoing).await.expect("nobody took it, although the lease is over");
    assert!(next.hold(SIGNER).await.expect("asked"));
    let late = Outgoing { hash: B256::from(random()), nonce: 8, ..outgoing };
    slow.sending(&late).await.expect_err("another one's");
    next.sending(&Outgoing { nonce: 9, hash: B256::from(random()), ..outgoing }).await.expect("its own");
    let written = next.written(SIGNER).await.expect("read");
    assert_eq!(written.iter().map(|one| one.nonce).collect::<Vec<_>>(), [7, 9]);
}
