use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use devnet::BlockTime;
use serde_json::json;
use x402_facilitator::{
    ChainError, Facilitator, FacilitatorError, OnchainFacilitator, PaymentState, SettleOutcome, Verification,
};

use crate::{
    proxy::{self, Action},
    world::{PRICE, World, chain_at, pauper, settled, transfer},
};

const SYNC: &str = "eth_sendRawTransactionSync";
const PLAIN: &str = "eth_sendRawTransaction";

async fn behind(
    world: &World,
    settle_timeout: Duration,
    rule: impl FnMut(&str) -> Action + Send + 'static,
) -> OnchainFacilitator {
    let url = proxy::start(world.devnet.rpc_url(), rule).await;
    world.impatient(chain_at(&url), 1, settle_timeout)
}

const PATIENT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn an_rpc_without_the_sync_method_is_asked_for_it_once() {
    for block_time in [BlockTime::Auto, BlockTime::Seconds(1)] {
        let world = World::with(block_time).await;
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let facilitator = behind(&world, PATIENT, move |method| {
            if method == SYNC {
                count.fetch_add(1, Ordering::Relaxed);
                return Action::Error(-32601, "the method eth_sendRawTransactionSync does not exist");
            }
            Action::Pass
        })
        .await;
        for _ in 0..2 {
            settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(world.earned().await, 2 * PRICE.atomic());
    }
}

#[tokio::test]
async fn a_lost_answer_of_the_sync_method_is_found_by_polling() {
    let world = World::automine().await;
    let facilitator =
        behind(&world, PATIENT, |method| if method == SYNC { Action::Lose } else { Action::Pass }).await;
    for _ in 0..2 {
        settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
    }
    assert_eq!(world.earned().await, 2 * PRICE.atomic());
}

#[tokio::test]
async fn an_rpc_that_fails_after_the_send_makes_the_outcome_unknown() {
    let world = World::automine().await;
    let mut sent = false;
    let facilitator = behind(&world, Duration::from_secs(1), move |method| {
        sent |= method == SYNC || method == PLAIN;
        match method {
            SYNC | PLAIN => Action::Lose,
            _ if sent => Action::Fail,
            _ => Action::Pass,
        }
    })
    .await;
    let request = world.payment(&world.buyer(0));
    let authorization = request.payment_payload.exact().expect("exact").authorization;
    let outcome = facilitator.settle(&request).await.expect("something was sent");
    let SettleOutcome::Unknown { transaction: Some(transaction), .. } = outcome else {
        unreachable!("not unknown: {outcome:?}");
    };
    let proof = world.chain().settlement_in(transaction, &authorization).await.expect("answers");
    assert!(proof.is_some(), "the money had moved");
}

#[tokio::test]
async fn an_unclear_answer_to_the_send_is_unknown_never_failed() {
    let world = World::automine().await;
    let facilitator = behind(&world, Duration::from_secs(1), |method| match method {
        SYNC | PLAIN => Action::Error(-32000, "request timed out"),
        _ => Action::Pass,
    })
    .await;
    let outcome = facilitator.settle(&world.payment(&world.buyer(0))).await.expect("answers");
    assert!(matches!(outcome, SettleOutcome::Unknown { transaction: Some(_), .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_transaction_that_the_node_has_already_is_waited_for() {
    let world = World::automine().await;
    let facilitator = behind(&world, PATIENT, |method| match method {
        SYNC => Action::Lose,
        PLAIN => Action::Error(-32000, "already known"),
        _ => Action::Pass,
    })
    .await;
    settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
}

#[tokio::test]
async fn a_refused_transaction_leaves_no_gap() {
    let world = World::automine().await;
    let mut refusals = 0;
    let facilitator = behind(&world, PATIENT, move |method| {
        refusals += usize::from(method == SYNC);
        match method {
            SYNC if refusals == 2 => Action::Error(-32000, "replacement transaction underpriced"),
            SYNC if refusals == 4 => Action::Error(-32003, "max fee per gas less than block base fee"),
            _ => Action::Pass,
        }
    })
    .await;
    for _ in 0..4 {
        settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
    }
    assert_eq!(world.earned().await, 4 * PRICE.atomic());
}

#[tokio::test]
async fn a_node_that_is_behind_does_not_make_a_failure() {
    let world = World::automine().await;
    world.devnet.pause_mining().await.expect("pauses");
    let before = world.chain().head().await.expect("answers").number;
    let request = world.payment(&world.buyer(0));
    world.submit(transfer(&request.payment_payload.exact().expect("exact")), 50).await;
    let mut sent = false;
    let facilitator = behind(&world, PATIENT, move |method| {
        sent |= method == SYNC || method == PLAIN;
        if sent && method == "eth_call" { Action::AsOf(before) } else { Action::Pass }
    })
    .await;
    let settling = tokio::spawn(async move { facilitator.settle(&request).await });
    world.wait_for_pending(2).await;
    world.devnet.mine().await.expect("mines");

    let outcome = settling.await.expect("runs").expect("something was sent");
    assert!(matches!(outcome, SettleOutcome::Unknown { transaction: Some(_), .. }), "{outcome:?}");
    assert_eq!(world.earned().await, PRICE.atomic(), "the other transaction paid");
}

#[tokio::test]
async fn no_rpc_at_all_sends_nothing() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let facilitator = world.facilitator(1);
    world.devnet.stop().await.expect("stops");
    let outcome = facilitator.settle(&request).await;
    assert!(matches!(outcome, Err(FacilitatorError::Chain(ChainError::Unreachable(_)))), "{outcome:?}");
}

#[tokio::test]
async fn a_node_that_lacks_the_logs_does_not_burn_a_payment() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let authorization = request.payment_payload.exact().expect("exact").authorization;
    let before = world.chain().head().await.expect("answers").number;
    settled(world.facilitator(1).settle(&request).await.expect("settles"));

    let hide = |method: &str| match method {
        "eth_getLogs" => Action::Answer(json!([])),
        _ => Action::Pass,
    };
    let blind = chain_at(&proxy::start(world.devnet.rpc_url(), hide).await);
    let state = blind.payment_state(&authorization, before).await;
    assert!(matches!(state, Err(ChainError::LogMissing { after }) if after == before), "{state:?}");
    let seeing = world.chain().payment_state(&authorization, before).await.expect("answers");
    assert!(matches!(seeing, PaymentState::Settled(_)));
}

#[tokio::test]
async fn a_broadcast_that_is_lost_on_every_way_is_sent_again_as_it_was() {
    let world = World::automine().await;
    let mut lost = HashSet::new();
    let facilitator = behind(&world, Duration::from_secs(5), move |method| match method {
        SYNC | PLAIN if lost.insert(method.to_owned()) => Action::Fail,
        _ => Action::Pass,
    })
    .await;
    // Replaced it is only after longer than the whole settlement may take.
    settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
}

#[tokio::test]
async fn a_refusal_of_what_is_in_a_block_already_is_no_refusal() {
    let world = World::automine().await;
    let facilitator = behind(&world, PATIENT, |method| match method {
        SYNC => Action::Deny(-32003, "nonce too low"),
        _ => Action::Pass,
    })
    .await;
    settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
    let signer = world.devnet.signer(0).address;
    let sent: String =
        world.devnet.rpc("eth_getTransactionCount", (signer, "pending")).await.expect("answers");
    assert_eq!(sent, "0x1", "one transaction was enough");
}

#[tokio::test]
async fn a_node_older_than_the_newest_block_seen_does_not_refuse_a_payment() {
    let world = World::automine().await;
    let before = world.chain().head().await.expect("answers").number;
    world
        .devnet
        .mint(pauper().address(), alloy::primitives::U256::from(PRICE.atomic()))
        .await
        .expect("mints");
    let request = world.payment(&pauper());
    let late = Arc::new(AtomicBool::new(false));
    let lags = Arc::clone(&late);
    let facilitator = behind(&world, PATIENT, move |method| match method {
        "eth_call" if lags.load(Ordering::Relaxed) => Action::AsOf(before),
        _ => Action::Pass,
    })
    .await;
    let seen = facilitator.verify(&world.payment(&world.buyer(0))).await.expect("answers");
    assert!(matches!(seen, Verification::Valid { .. }), "{seen:?}");

    late.store(true, Ordering::Relaxed);
    let outcome = facilitator.settle(&request).await;
    assert!(
        matches!(outcome, Err(FacilitatorError::Chain(ChainError::Behind { .. }))),
        "the money was not there yet at that block: {outcome:?}"
    );
    late.store(false, Ordering::Relaxed);
    settled(facilitator.settle(&request).await.expect("settles"));
}

#[tokio::test]
async fn what_was_verified_just_now_is_sent_without_another_look_the_first_time() {
    let world = World::automine().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let facilitator = behind(&world, PATIENT, move |method| {
        count.fetch_add(usize::from(method == "eth_call"), Ordering::Relaxed);
        Action::Pass
    })
    .await;
    let [verified, other] = [0, 1].map(|buyer| world.payment(&world.buyer(buyer)));
    let verdict = facilitator.verify(&verified).await.expect("answers");
    assert!(matches!(verdict, Verification::Valid { .. }), "{verdict:?}");
    let first = settled(facilitator.settle(&verified).await.expect("settles"));
    assert_eq!(calls.load(Ordering::Relaxed), 1, "the verification's");

    settled(facilitator.settle(&other).await.expect("settles"));
    assert_eq!(calls.load(Ordering::Relaxed), 2, "nobody had verified this one");
    assert_eq!(settled(facilitator.settle(&verified).await.expect("settles")), first);
    assert_eq!(world.earned().await, 2 * PRICE.atomic());
}

#[tokio::test]
async fn an_error_of_the_rpc_is_not_a_verdict() {
    let world = World::automine().await;
    let limited = |method: &str| match method {
        "eth_call" => Action::Error(-32005, "rate limit exceeded"),
        _ => Action::Pass,
    };
    let facilitator = behind(&world, PATIENT, limited).await;
    let verdict = facilitator.verify(&world.payment(&world.buyer(0))).await;
    assert!(
        matches!(verdict, Err(FacilitatorError::Chain(ChainError::Rpc { code: -32005, .. }))),
        "{verdict:?}"
    );
}
