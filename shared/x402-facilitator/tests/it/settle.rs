use std::{collections::HashSet, sync::Arc, time::Duration};

use devnet::BlockTime;
use serde_json::json;
use x402::{Address, Authorization, ErrorReason, Finality, Usdc};
use x402_facilitator::{
    Facilitator, FacilitatorError, NoSigner, OnchainFacilitator, OnchainSettings, PaymentState,
    SettleOutcome, Verification,
};

use crate::world::{NETWORK, PRICE, World, key, now, pauper, settled, transfer};

#[tokio::test]
async fn a_payment_settles_with_a_proof_that_the_chain_shows() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let facilitator = world.facilitator(1);
    let before = world.balance(world.buyer(0).address()).await;

    let outcome = facilitator.settle(&request).await.expect("settles");
    assert!(
        matches!(&outcome, SettleOutcome::Settled(settled) if settled.finality == Finality::Preconf),
        "on the node's word: {outcome:?}"
    );
    let settled = settled(outcome);

    assert_eq!(world.earned().await, PRICE.atomic());
    assert_eq!(world.balance(world.buyer(0).address()).await, before - PRICE.atomic());
    let authorization = request.payment_payload.exact().expect("exact").authorization;
    let proof = world.chain().settlement_in(settled.transaction, &authorization).await.expect("answers");
    assert_eq!(proof, Some(settled));
    let other = Authorization { value: Usdc::from_atomic(1), ..authorization };
    assert_eq!(world.chain().settlement_in(settled.transaction, &other).await.expect("answers"), None);
}

#[tokio::test]
async fn a_settlement_response_tells_it_on_the_wire() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let outcome = world.facilitator(1).settle(&request).await.expect("settles");
    let response = outcome.into_response(&request);
    assert!(response.success && response.transaction.is_some() && response.error_reason.is_none());
    assert_eq!((response.payer, response.amount), (Some(world.buyer(0).address()), Some(PRICE)));
    assert_eq!(response.network, "eip155:84532");

    let pending = SettleOutcome::Unknown { transaction: None, detail: String::new() }.into_response(&request);
    assert_eq!((pending.success, pending.error_reason), (false, Some(ErrorReason::SETTLEMENT_PENDING)));
}

#[tokio::test]
async fn a_payment_settles_on_a_chain_with_a_block_a_second() {
    let world = World::with(BlockTime::Seconds(1)).await;
    let facilitator = world.facilitator(1);
    for _ in 0..2 {
        settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
    }
    assert_eq!(world.earned().await, 2 * PRICE.atomic());
}

#[tokio::test]
async fn settling_twice_charges_once_and_answers_the_same() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let first = settled(world.facilitator(1).settle(&request).await.expect("settles"));
    let again = settled(world.facilitator(1).settle(&request).await.expect("settles"));
    assert_eq!(first, again);
    assert_eq!(world.earned().await, PRICE.atomic());
}

#[tokio::test]
async fn copies_that_settle_at_once_charge_once_and_answer_the_same() {
    let world = World::with(BlockTime::Seconds(1)).await;
    let request = world.payment(&world.buyer(0));
    let facilitator = world.facilitator(2);
    let copies = tokio::join!(
        facilitator.settle(&request),
        facilitator.settle(&request),
        facilitator.settle(&request),
        facilitator.settle(&request),
    );
    let copies = [copies.0, copies.1, copies.2, copies.3].map(|outcome| settled(outcome.expect("settles")));
    assert!(copies.iter().all(|copy| copy == &copies[0]), "{copies:?}");
    assert_eq!(world.earned().await, PRICE.atomic());
}

#[tokio::test]
async fn what_cannot_settle_fails_and_sends_nothing() {
    let world = World::automine().await;
    let facilitator = world.facilitator(1);
    let payer = world.buyer(0);
    let expired = Authorization { valid_before: now() - 1, ..world.authorization(payer.address()) };
    let forged = world.authorization(payer.address()).sign(&NETWORK.usdc(), &world.buyer(1));
    let cases = [
        (world.request(&expired.sign(&NETWORK.usdc(), &payer)), ErrorReason::VALID_BEFORE),
        (world.request(&forged), ErrorReason::SIGNATURE),
        (world.payment(&pauper()), ErrorReason::INSUFFICIENT_FUNDS),
    ];
    let sent = world.devnet.signer(0).address;
    for (request, reason) in cases {
        let outcome = facilitator.settle(&request).await.expect("answers");
        assert_eq!(outcome, SettleOutcome::Failed { reason, transaction: None });
    }
    let count: String =
        world.devnet.rpc("eth_getTransactionCount", (sent, "pending")).await.expect("answers");
    assert_eq!(count, "0x0");
}

#[tokio::test]
async fn a_cancelled_authorization_is_burned() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let nonce = request.payment_payload.exact().expect("exact").authorization.nonce;
    world.cancel(&world.buyer(0), nonce).await;
    let outcome = world.facilitator(1).settle(&request).await.expect("answers");
    let burned = SettleOutcome::Failed { reason: ErrorReason::AUTHORIZATION_BURNED, transaction: None };
    assert_eq!(outcome, burned);
}

#[tokio::test]
async fn what_is_cancelled_right_after_its_verification_moves_nothing_and_says_why() {
    let world = World::automine().await;
    let facilitator = world.facilitator(1);
    let request = world.payment(&world.buyer(0));
    let verdict = facilitator.verify(&request).await.expect("answers");
    assert!(matches!(verdict, Verification::Valid { .. }), "{verdict:?}");
    world.cancel(&world.buyer(0), request.payment_payload.exact().expect("exact").authorization.nonce).await;
    let outcome = facilitator.settle(&request).await.expect("answers");
    let SettleOutcome::Failed { reason, transaction: Some(_) } = outcome else { panic!("{outcome:?}") };
    assert_eq!(reason, ErrorReason::AUTHORIZATION_BURNED);
    assert_eq!(world.earned().await, 0);
}

#[tokio::test]
async fn a_nonce_that_paid_somebody_else_is_burned_not_paid() {
    let world = World::automine().await;
    let payer = world.buyer(0);
    let ours = world.authorization(payer.address());
    let theirs = Authorization { to: Address::repeat_byte(5), ..ours };
    world.landed(world.submit(transfer(&theirs.sign(&NETWORK.usdc(), &payer)), 1).await).await;

    let request = world.request(&ours.sign(&NETWORK.usdc(), &payer));
    let outcome = world.facilitator(1).settle(&request).await.expect("answers");
    let burned = SettleOutcome::Failed { reason: ErrorReason::AUTHORIZATION_BURNED, transaction: None };
    assert_eq!(outcome, burned);
    assert_eq!(world.earned().await, 0);
}

#[tokio::test]
async fn a_payment_that_somebody_else_submitted_is_settled() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let theirs = world.submit(transfer(&request.payment_payload.exact().expect("exact")), 1).await;
    world.landed(theirs).await;
    let settled = settled(world.facilitator(1).settle(&request).await.expect("settles"));
    assert_eq!(settled.transaction, theirs);
}

#[tokio::test]
async fn a_payment_that_somebody_else_submits_first_into_the_same_block_is_settled() {
    let world = World::automine().await;
    world.devnet.pause_mining().await.expect("pauses");
    let request = world.payment(&world.buyer(0));
    let theirs = world.submit(transfer(&request.payment_payload.exact().expect("exact")), 50).await;
    let facilitator = Arc::new(world.facilitator(1));
    let settling = tokio::spawn({
        let (facilitator, request) = (Arc::clone(&facilitator), request.clone());
        async move { facilitator.settle(&request).await }
    });
    world.wait_for_pending(2).await;
    world.devnet.mine().await.expect("mines");

    let settled = settled(settling.await.expect("runs").expect("settles"));
    assert_eq!(settled.transaction, theirs, "ours reverted behind it");
    assert_eq!(world.earned().await, PRICE.atomic());
}

#[tokio::test]
async fn a_transaction_that_reverts_in_its_block_fails_with_the_reason() {
    let world = World::automine().await;
    let payer = pauper();
    world.devnet.mint(payer.address(), alloy::primitives::U256::from(PRICE.atomic())).await.expect("mints");
    world.devnet.pause_mining().await.expect("pauses");
    let (rival, request) = (world.payment(&payer), world.payment(&payer));
    world.submit(transfer(&rival.payment_payload.exact().expect("exact")), 50).await;
    let facilitator = Arc::new(world.facilitator(1));
    let settling = tokio::spawn({
        let facilitator = Arc::clone(&facilitator);
        async move { facilitator.settle(&request).await }
    });
    world.wait_for_pending(2).await;
    world.devnet.mine().await.expect("mines");

    let outcome = settling.await.expect("runs").expect("answers");
    assert!(
        matches!(&outcome, SettleOutcome::Failed { reason, transaction: Some(_) } if *reason == ErrorReason::INSUFFICIENT_FUNDS),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn two_signers_settle_sixteen_payments_at_once() {
    for block_time in [BlockTime::Auto, BlockTime::Seconds(1)] {
        let world = World::with(block_time).await;
        let facilitator = Arc::new(world.facilitator(2));
        let settlements: Vec<_> = (0..16)
            .map(|index| {
                let request = world.payment(&world.buyer(index % 5));
                let facilitator = Arc::clone(&facilitator);
                tokio::spawn(async move { facilitator.settle(&request).await })
            })
            .collect();
        let mut proofs = HashSet::new();
        for settlement in settlements {
            let settled = settled(settlement.await.expect("runs").expect("settles"));
            proofs.insert((settled.block_hash, settled.log_index));
        }
        assert_eq!(proofs.len(), 16, "each has a proof of its own");
        assert_eq!(world.earned().await, 16 * PRICE.atomic());
    }
}

#[tokio::test]
async fn a_signer_that_another_program_used_goes_on() {
    let world = World::automine().await;
    let facilitator = world.facilitator(1);
    settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
    let signer = world.devnet.signer(0).address;
    let foreign = json!({ "from": signer, "to": signer, "value": "0x1" });
    world.landed(world.send(foreign).await).await;
    settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
    assert_eq!(world.earned().await, 2 * PRICE.atomic());
}

#[tokio::test]
async fn a_signer_without_ether_is_passed_over() {
    let world = World::automine().await;
    let keys = [pauper(), key(world.devnet.signer(0).private_key)];
    let facilitator = OnchainFacilitator::new(world.chain(), keys).expect("signers");
    for _ in 0..2 {
        settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
    }

    let alone = OnchainFacilitator::new(world.chain(), [pauper()]).expect("a signer");
    let outcome = alone.settle(&world.payment(&world.buyer(0))).await;
    assert!(matches!(outcome, Err(FacilitatorError::Refused { signer, .. }) if signer == pauper().address()));
    assert_eq!(OnchainFacilitator::new(world.chain(), []).err(), Some(NoSigner));
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_gap() {
    let world = World::automine().await;
    world.devnet.pause_mining().await.expect("pauses");
    let facilitator = world.facilitator(1);
    for _ in 0..3 {
        let request = world.payment(&world.buyer(0));
        let settling = facilitator.settle(&request);
        assert!(tokio::time::timeout(Duration::from_millis(5), settling).await.is_err(), "nothing is mined");
    }
    world.devnet.resume_mining().await.expect("resumes");
    settled(facilitator.settle(&world.payment(&world.buyer(1))).await.expect("settles"));
}

#[tokio::test]
async fn a_transaction_in_no_block_is_unknown_and_known_later() {
    let world = World::automine().await;
    world.devnet.pause_mining().await.expect("pauses");
    let chain = world.chain();
    let facilitator = world.impatient(chain.clone(), 1, Duration::from_secs(1));
    let request = world.payment(&world.buyer(0));
    let authorization = request.payment_payload.exact().expect("exact").authorization;
    let head = chain.head().await.expect("answers");

    let outcome = facilitator.settle(&request).await.expect("something was sent");
    let SettleOutcome::Unknown { transaction: Some(transaction), .. } = outcome else {
        unreachable!("not unknown: {outcome:?}");
    };
    world.devnet.mine().await.expect("mines");
    let state = chain.payment_state(&authorization, head.number).await.expect("answers");
    assert!(
        matches!(state, PaymentState::Settled(settled) if settled.transaction == transaction),
        "{state:?}"
    );
}

#[tokio::test]
async fn who_waits_too_long_for_a_signer_is_not_kept_beyond_the_settlement_s_time() {
    let world = World::automine().await;
    world.devnet.pause_mining().await.expect("pauses");
    let settings = OnchainSettings {
        settle_timeout: Duration::from_secs(2),
        stuck_timeout: Duration::from_secs(1),
        max_in_flight: 1,
        ..OnchainSettings::default()
    };
    let facilitator =
        OnchainFacilitator::with_settings(world.chain(), world.signers(1), settings).expect("a signer");
    let first = world.payment(&world.buyer(0));
    let second = world.payment(&world.buyer(1));
    let late = async {
        world.wait_for_pending(1).await;
        facilitator.settle(&second).await
    };
    let (first, late) = tokio::join!(facilitator.settle(&first), late);
    assert!(matches!(first, Ok(SettleOutcome::Unknown { transaction: Some(_), .. })), "{first:?}");
    assert!(matches!(late, Err(FacilitatorError::Busy)), "{late:?}");
}
