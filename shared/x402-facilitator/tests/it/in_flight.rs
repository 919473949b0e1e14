//! Several transactions of one signer that wait for a block.

use std::{collections::HashSet, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{sync::Notify, task::JoinHandle};
use x402::{B256, FacilitatorRequest};
use x402_facilitator::{Facilitator, Journal, OnchainFacilitator, OnchainSettings, SettleOutcome};

use crate::{
    batch::{Notes, Outcome, all, noted},
    proxy::{self, Action},
    world::{PRICE, World, chain_at, settled},
};

fn settle(facilitator: &Arc<OnchainFacilitator>, request: FacilitatorRequest) -> JoinHandle<Outcome> {
    let facilitator = Arc::clone(facilitator);
    tokio::spawn(async move { facilitator.settle(&request).await })
}

async fn transactions(settling: Vec<JoinHandle<Outcome>>) -> Vec<B256> {
    let mut transactions = Vec::new();
    for one in settling {
        transactions.push(settled(one.await.expect("runs").expect("settles")).transaction);
    }
    transactions
}

fn nonces(notes: &Notes) -> Vec<u64> {
    notes.transactions.lock().expect("not poisoned").iter().map(|written| written.nonce).collect()
}

#[tokio::test]
async fn a_payment_does_not_wait_for_the_block_of_the_one_before() {
    let world = World::automine().await;
    world.devnet.pause_mining().await.expect("pauses");
    let (facilitator, notes) = noted(&world, false, OnchainSettings::default());
    let mut settling = Vec::new();
    for buyer in 0..3 {
        settling.push(settle(&facilitator, world.payment(&world.buyer(buyer))));
        world.wait_for_pending(buyer + 1).await;
    }
    assert_eq!(nonces(&notes), [0, 1, 2], "each is written down before it is sent");
    world.devnet.mine().await.expect("mines");
    let distinct: HashSet<_> = transactions(settling).await.into_iter().collect();
    assert_eq!((distinct.len(), world.earned().await), (3, 3 * PRICE.atomic()));
}

#[tokio::test]
async fn what_comes_while_enough_is_in_flight_goes_together() {
    let world = World::automine().await;
    world.devnet.pause_mining().await.expect("pauses");
    let settings = OnchainSettings { max_in_flight: 2, ..OnchainSettings::default() };
    let (facilitator, notes) = noted(&world, false, settings);
    let mut settling = Vec::new();
    for buyer in 0..2 {
        settling.push(settle(&facilitator, world.payment(&world.buyer(buyer))));
        world.wait_for_pending(buyer + 1).await;
    }
    settling.extend((2..6).map(|buyer| settle(&facilitator, world.payment(&world.buyer(buyer)))));
    tokio::task::yield_now().await;
    world.devnet.mine().await.expect("mines");
    world.wait_for_pending(1).await;
    world.devnet.mine().await.expect("mines");
    let transactions = transactions(settling).await;
    assert_eq!(transactions[2..].iter().collect::<HashSet<_>>().len(), 1);
    assert_eq!(nonces(&notes), [0, 1, 2]);
}

#[tokio::test]
async fn a_copy_of_what_is_in_flight_is_not_sent_a_second_time() {
    let world = World::automine().await;
    world.devnet.pause_mining().await.expect("pauses");
    let (facilitator, notes) = noted(&world, false, OnchainSettings::default());
    let payment = world.payment(&world.buyer(0));
    let first = settle(&facilitator, payment.clone());
    world.wait_for_pending(1).await;
    let (copies, ()) = tokio::join!(all(&facilitator, vec![payment; 5]), async {
        tokio::task::yield_now().await;
        world.devnet.resume_mining().await.expect("resumes");
        world.devnet.mine().await.expect("mines");
    });
    let sent = settled(first.await.expect("runs").expect("settles")).transaction;
    for copy in copies {
        assert_eq!(settled(copy.expect("settles")).transaction, sent);
    }
    assert_eq!(nonces(&notes), [0]);
}

#[tokio::test]
async fn a_nonce_that_is_refused_does_not_hold_back_the_next() {
    let world = World::automine().await;
    let (sent, refuse) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (mut sends, arrived, told) = (0, Arc::clone(&sent), Arc::clone(&refuse));
    let url = proxy::start(world.devnet.rpc_url(), move |method| {
        sends += usize::from(method == "eth_sendRawTransactionSync");
        match method {
            "eth_sendRawTransactionSync" if sends == 1 => {
                arrived.notify_one();
                Action::Refuse(Arc::clone(&told), -32003, "max fee per gas less than block base fee")
            }
            _ => Action::Pass,
        }
    });
    let facilitator = Arc::new(world.facilitator_over(chain_at(&url.await), 1));
    // Nonce 0 stays on its way, nonce 1 waits for it at the node.
    let first = settle(&facilitator, world.payment(&world.buyer(0)));
    sent.notified().await;
    let second = settle(&facilitator, world.payment(&world.buyer(1)));
    loop {
        let status: Value = world.devnet.rpc("txpool_status", ()).await.expect("answers");
        if status["queued"] == "0x1" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    refuse.notify_one();
    assert_eq!(transactions(vec![first, second]).await.len(), 2);
    assert_eq!(world.earned().await, 2 * PRICE.atomic());
    let signer = world.devnet.signer(0).address;
    let sent: String =
        world.devnet.rpc("eth_getTransactionCount", (signer, "pending")).await.expect("answers");
    assert_eq!(sent, "0x2");
}

#[tokio::test]
async fn all_that_an_earlier_process_had_in_flight_is_sent_again() {
    let world = World::automine().await;
    let payments: Vec<_> = (0..2).map(|buyer| world.payment(&world.buyer(buyer))).collect();
    let notes = Arc::new(Notes::of(&world));
    let journal = Arc::clone(&notes) as Arc<dyn Journal>;
    let deaf = proxy::start(world.devnet.rpc_url(), |method| match method {
        "eth_sendRawTransactionSync" | "eth_sendRawTransaction" => Action::Fail,
        _ => Action::Pass,
    });
    let settings = OnchainSettings { settle_timeout: Duration::from_secs(2), ..OnchainSettings::default() };
    let chain = chain_at(&deaf.await);
    let before = OnchainFacilitator::with_journal(chain, world.signers(1), settings, Arc::clone(&journal));
    let before = Arc::new(before.expect("a signer"));
    let mut settling = Vec::new();
    for (sent, payment) in payments.iter().enumerate() {
        settling.push(settle(&before, payment.clone()));
        while nonces(&notes).len() <= sent {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    for one in settling {
        let outcome = one.await.expect("runs");
        assert!(matches!(outcome, Ok(SettleOutcome::Unknown { transaction: Some(_), .. })), "{outcome:?}");
    }
    drop(before);
    assert_eq!((nonces(&notes), world.earned().await), (vec![0, 1], 0));

    let sent: Vec<_> =
        notes.transactions.lock().expect("not poisoned").iter().map(|written| written.hash).collect();
    let settings = OnchainSettings::default();
    let after = OnchainFacilitator::with_journal(world.chain(), world.signers(1), settings, journal);
    let after = Arc::new(after.expect("a signer"));
    let mut settling = Vec::new();
    for outcome in all(&after, payments).await {
        settling.push(settled(outcome.expect("settles")).transaction);
    }
    assert_eq!(settling, sent, "the same transactions, not others");
    assert_eq!(world.earned().await, 2 * PRICE.atomic());
}
