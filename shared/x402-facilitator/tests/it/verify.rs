use x402::{
    Address, Authorization, B256, ErrorReason, ExactPayload, FacilitatorRequest, Usdc, VerifyResponse,
};
use x402_facilitator::{Facilitator, FacilitatorError, Verification};

use crate::world::{NETWORK, PRICE, TIMEOUT_SECONDS, World, now, pauper};

type Tamper = fn(&mut FacilitatorRequest);

/// The reason why a payment is invalid.
async fn reason(world: &World, request: &FacilitatorRequest) -> ErrorReason {
    match world.facilitator(1).verify(request).await.expect("the chain answers") {
        Verification::Invalid { reason, .. } => reason,
        valid @ Verification::Valid { .. } => unreachable!("accepted: {valid:?}"),
    }
}

/// Signs a changed authorization, and asks with it for the unchanged offer.
fn changed(world: &World, change: impl FnOnce(&mut Authorization)) -> FacilitatorRequest {
    let payer = world.buyer(0);
    let mut authorization = world.authorization(payer.address());
    change(&mut authorization);
    world.request(&authorization.sign(&NETWORK.usdc(), &payer))
}

#[tokio::test]
async fn a_good_payment_is_valid_at_the_newest_block() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let verification = world.facilitator(1).verify(&request).await.expect("the chain answers");
    let head = world.chain().head().await.expect("the chain answers");
    let payer = world.buyer(0).address();
    let Verification::Valid { payer: by, head: at, balance } = verification else {
        unreachable!("refused: {verification:?}");
    };
    assert_eq!((by, balance.to_string()), (payer, "$1000000.00".to_owned()));
    assert!(at.number <= head.number && at.timestamp <= head.timestamp);
    let response = VerifyResponse::from(Verification::Valid { payer: by, head: at, balance });
    assert_eq!(response, VerifyResponse { is_valid: true, invalid_reason: None, payer: Some(payer) });
    assert_eq!(world.earned().await, 0, "verifying moves nothing");
}

#[tokio::test]
async fn an_authorization_of_other_terms_is_refused() {
    let world = World::automine().await;
    let less = changed(&world, |authorization| authorization.value = Usdc::from_atomic(9_999));
    assert_eq!(reason(&world, &less).await, ErrorReason::VALUE_MISMATCH);
    let elsewhere = changed(&world, |authorization| authorization.to = Address::repeat_byte(9));
    assert_eq!(reason(&world, &elsewhere).await, ErrorReason::RECIPIENT_MISMATCH);
}

#[tokio::test]
async fn a_payment_that_accepted_another_offer_is_refused() {
    let world = World::automine().await;
    let cases: [(Tamper, ErrorReason); 8] = [
        (|request| request.x402_version = 1, ErrorReason::INVALID_VERSION),
        (|request| request.payment_requirements.scheme = "upto".into(), ErrorReason::UNSUPPORTED_SCHEME),
        (|request| request.payment_payload.accepted.scheme = "upto".into(), ErrorReason::INVALID_SCHEME),
        (
            |request| request.payment_payload.accepted.network = "eip155:1".into(),
            ErrorReason::INVALID_NETWORK,
        ),
        (
            |request| request.payment_requirements.asset = Address::repeat_byte(7),
            ErrorReason::INVALID_REQUIREMENTS,
        ),
        (
            |request| request.payment_payload.accepted.amount = Usdc::from_atomic(1),
            ErrorReason::INVALID_REQUIREMENTS,
        ),
        (
            |request| request.payment_payload.accepted.pay_to = Address::repeat_byte(7),
            ErrorReason::INVALID_REQUIREMENTS,
        ),
        (|request| request.payment_payload.payload = "nothing".into(), ErrorReason::INVALID_PAYLOAD),
    ];
    for (tamper, expected) in cases {
        let mut request = world.payment(&world.buyer(0));
        tamper(&mut request);
        assert_eq!(reason(&world, &request).await, expected);
    }
}

#[tokio::test]
async fn a_signature_of_somebody_else_or_of_other_terms_is_refused() {
    let world = World::automine().await;
    let payer = world.buyer(0);
    let authorization = world.authorization(payer.address());

    let forged = authorization.sign(&NETWORK.usdc(), &world.buyer(1));
    assert_eq!(reason(&world, &world.request(&forged)).await, ErrorReason::SIGNATURE);

    let signed = authorization.sign(&NETWORK.usdc(), &payer);
    let longer = Authorization { valid_before: authorization.valid_before + 1, ..authorization };
    let stretched = ExactPayload { authorization: longer, ..signed.clone() };
    assert_eq!(reason(&world, &world.request(&stretched)).await, ErrorReason::SIGNATURE);

    let cut = ExactPayload { signature: signed.signature.slice(..64), ..signed };
    assert_eq!(reason(&world, &world.request(&cut)).await, ErrorReason::SIGNATURE);
}

#[tokio::test]
async fn the_window_must_be_open_long_enough_and_not_too_long() {
    let world = World::automine().await;
    let before = |seconds: i64| {
        changed(&world, |authorization| authorization.valid_before = now().strict_add_signed(seconds))
    };
    assert_eq!(reason(&world, &before(-1)).await, ErrorReason::VALID_BEFORE);
    assert_eq!(reason(&world, &before(3)).await, ErrorReason::VALID_BEFORE, "no time to get into a block");
    let forever = i64::try_from(TIMEOUT_SECONDS).expect("small") + 700;
    assert_eq!(reason(&world, &before(forever)).await, ErrorReason::VALID_BEFORE);

    let early = changed(&world, |authorization| authorization.valid_after = now() + 30);
    assert_eq!(reason(&world, &early).await, ErrorReason::VALID_AFTER);
}

#[tokio::test]
async fn the_chains_clock_decides_when_it_is_behind_ours() {
    let world = World::automine().await;
    world.devnet.pause_mining().await.expect("pauses");
    let head = world.chain().head().await.expect("the chain answers");
    let early = changed(&world, |authorization| authorization.valid_after = head.timestamp);
    assert_eq!(reason(&world, &early).await, ErrorReason::VALID_AFTER);
    let open = changed(&world, |authorization| authorization.valid_after = head.timestamp - 1);
    let verdict = world.facilitator(1).verify(&open).await.expect("the chain answers");
    assert!(matches!(verdict, Verification::Valid { .. }), "{verdict:?}");
}

#[tokio::test]
async fn an_empty_wallet_is_refused() {
    let world = World::automine().await;
    assert_eq!(reason(&world, &world.payment(&pauper())).await, ErrorReason::INSUFFICIENT_FUNDS);
    world
        .devnet
        .mint(pauper().address(), alloy::primitives::U256::from(PRICE.atomic()))
        .await
        .expect("mints");
    let verification = world.facilitator(1).verify(&world.payment(&pauper())).await;
    assert!(matches!(verification, Ok(Verification::Valid { .. })), "{verification:?}");
}

#[tokio::test]
async fn a_used_or_cancelled_nonce_is_refused() {
    let world = World::automine().await;
    let used = world.payment(&world.buyer(0));
    world.facilitator(1).settle(&used).await.expect("settles");
    assert_eq!(reason(&world, &used).await, ErrorReason::NONCE_USED);

    let payer = world.buyer(0);
    let authorization = world.authorization(payer.address());
    world.cancel(&payer, authorization.nonce).await;
    let cancelled = world.request(&authorization.sign(&NETWORK.usdc(), &payer));
    assert_eq!(reason(&world, &cancelled).await, ErrorReason::NONCE_USED);
}

#[tokio::test]
async fn the_code_of_a_contract_wallet_judges_its_signature() {
    let world = World::automine().await;
    let owner = world.buyer(0);
    let wallet = world.devnet.deploy_wallet(owner.address()).await.expect("deploys");
    world.devnet.mint(wallet, alloy::primitives::U256::from(PRICE.atomic())).await.expect("mints");
    let authorization = world.authorization(wallet);

    let forged = authorization.sign(&NETWORK.usdc(), &world.buyer(1));
    assert_eq!(reason(&world, &world.request(&forged)).await, ErrorReason::SIGNATURE);

    let request = world.request(&authorization.sign(&NETWORK.usdc(), &owner));
    let verification = world.facilitator(1).verify(&request).await.expect("the chain answers");
    assert!(matches!(verification, Verification::Valid { payer, .. } if payer == wallet));
    crate::world::settled(world.facilitator(1).settle(&request).await.expect("settles"));
    assert_eq!(world.balance(wallet).await, 0);
}

#[tokio::test]
async fn without_an_rpc_nothing_is_known() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let facilitator = world.facilitator(1);
    world.devnet.stop().await.expect("stops");
    let verdict = facilitator.verify(&request).await;
    assert!(matches!(verdict, Err(FacilitatorError::Chain(_))), "{verdict:?}");
    let message = verdict.expect_err("no answer").to_string();
    assert!(!message.contains("http://"), "the RPC's URL may carry a secret: {message}");
}

#[tokio::test]
async fn a_facilitator_says_what_it_supports() {
    let world = World::automine().await;
    let supported = world.facilitator(2).supported().await.expect("known");
    let kinds = supported.kinds.iter().map(|kind| (kind.scheme.as_str(), kind.network.as_str()));
    assert_eq!(kinds.collect::<Vec<_>>(), [("exact", "eip155:84532"), ("batch-settlement", "eip155:84532")]);
    let signers: Vec<B256> = supported.signers["eip155:*"]
        .iter()
        .map(|text| text.parse::<Address>().expect("an address").into_word())
        .collect();
    assert_eq!(signers, [0, 1].map(|index| world.devnet.signer(index).address.into_word()));
}
