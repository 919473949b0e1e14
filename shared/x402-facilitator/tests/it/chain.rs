use alloy::primitives::U256;
use x402::{Address, Authorization, B256, Network, SigningKey};
use x402_facilitator::{Chain, ChainError, DomainError, Facilitator, Head, Mismatch, PaymentState, Revert};

use crate::world::{NETWORK, PRICE, World, settled, transfer};

#[tokio::test]
async fn a_local_base_sepolia_is_base_sepolia() {
    let world = World::automine().await;
    world.chain().check_domain().await.expect("the domain is right");
    let holds = world.chain().balance_of(world.buyer(0).address()).await.expect("answers");
    assert_eq!(holds.to_string(), "$1000000.00");
    assert!(!world.chain().eth_balance(world.devnet.signer(0).address).await.expect("answers").is_zero());
}

#[tokio::test]
async fn another_chain_is_told_from_no_chain() {
    let world = World::automine().await;
    let url: url::Url = world.devnet.rpc_url().parse().expect("a URL");
    let base = Chain::new(Network::Base, url).expect("a client");
    let wrong = base.check_domain().await;
    assert!(
        matches!(wrong, Err(DomainError::Mismatch(Mismatch::ChainId { expected: 8453, found: 84532 }))),
        "{wrong:?}"
    );

    let token = NETWORK.usdc().address;
    let code: String = world.devnet.rpc("eth_getCode", (token, "latest")).await.expect("answers");
    world.devnet.rpc::<()>("anvil_setCode", (token, "0x")).await.expect("sets");
    let empty = world.chain().check_domain().await;
    assert!(
        matches!(empty, Err(DomainError::Mismatch(Mismatch::NoContract(at))) if at == token),
        "{empty:?}"
    );
    world.devnet.rpc::<()>("anvil_setCode", (token, code)).await.expect("sets");
    world.chain().check_domain().await.expect("the token is back");

    let chain = world.chain();
    world.devnet.stop().await.expect("stops");
    let gone = chain.check_domain().await;
    assert!(matches!(gone, Err(DomainError::Unreachable(_))), "{gone:?}");
}

#[tokio::test]
async fn the_state_of_a_payment_is_told_by_block_and_logs() {
    let world = World::automine().await;
    let chain = world.chain();
    let payer = world.buyer(0);
    let request = world.payment(&payer);
    let authorization = request.payment_payload.exact().expect("exact").authorization;
    let before = chain.head().await.expect("answers").number;

    let state = chain.payment_state(&authorization, before).await.expect("answers");
    assert!(matches!(state, PaymentState::Unused { head } if head.number >= before));

    let proof = settled(world.facilitator(1).settle(&request).await.expect("settles"));
    let state = chain.payment_state(&authorization, before).await.expect("answers");
    assert_eq!(state, PaymentState::Settled(proof));

    let too_late = chain.payment_state(&authorization, proof.block_number).await.expect("answers");
    assert_eq!(too_late, PaymentState::Burned, "a settlement no later than the claim is a replay");
}

#[tokio::test]
async fn a_settlement_is_found_behind_many_blocks() {
    let world = World::automine().await;
    let url: url::Url = world.devnet.rpc_url().parse().expect("a URL");
    let mut settings = x402_facilitator::ChainSettings::for_rpc(&url);
    settings.log_range = 7;
    let chain = Chain::with_settings(NETWORK, url, settings).expect("a client");
    let request = world.payment(&world.buyer(0));
    let authorization = request.payment_payload.exact().expect("exact").authorization;
    let before = chain.head().await.expect("answers").number;
    let proof = settled(world.facilitator(1).settle(&request).await.expect("settles"));
    world.devnet.rpc::<()>("anvil_mine", (50,)).await.expect("mines");
    let state = chain.payment_state(&authorization, before).await.expect("answers");
    assert_eq!(state, PaymentState::Settled(proof));
}

#[tokio::test]
async fn each_payment_of_a_batch_has_its_own_proof() {
    let world = World::automine().await;
    let payments =
        [0, 1].map(|buyer| world.payment(&world.buyer(buyer)).payment_payload.exact().expect("exact"));
    let calls = payments.each_ref().map(|payload| x402::Multicall3::Call3 {
        target: NETWORK.usdc().address,
        allowFailure: true,
        callData: transfer(payload).into(),
    });
    let batch = x402::Multicall3::aggregate3Call { calls: calls.into() };
    let transaction = world
        .send(serde_json::json!({
            "from": world.devnet.buyer(49).address, "to": Network::MULTICALL3,
            "data": x402::Bytes::from(alloy::sol_types::SolCall::abi_encode(&batch)),
        }))
        .await;
    world.landed(transaction).await;
    let mut indexes = Vec::new();
    for payload in &payments {
        let proof = world.chain().settlement_in(transaction, &payload.authorization).await.expect("answers");
        indexes.push(proof.expect("it is there").log_index);
    }
    assert_ne!(indexes[0], indexes[1]);
    assert_eq!(world.earned().await, 2 * PRICE.atomic());

    let stranger = Authorization { from: Address::repeat_byte(3), ..payments[0].authorization };
    assert_eq!(world.chain().settlement_in(transaction, &stranger).await.expect("answers"), None);
    let nowhere = world.chain().settlement_in(B256::repeat_byte(1), &payments[0].authorization).await;
    assert_eq!(nowhere.expect("answers"), None);
}

#[tokio::test]
async fn facts_come_from_one_block() {
    let world = World::automine().await;
    let payer: SigningKey = world.buyer(0);
    let payload = world.payment(&payer).payment_payload.exact().expect("exact");
    let facts = world.chain().facts(&payload).await.expect("answers");
    assert!(facts.simulation.is_ok() && !facts.nonce_used);
    assert_eq!(facts.balance.to_string(), "$1000000.00");

    let greedy = Authorization { value: "2000000".parse().expect("dollars"), ..payload.authorization };
    let facts = world.chain().facts(&greedy.sign(&NETWORK.usdc(), &payer)).await.expect("answers");
    let revert = facts.simulation.expect_err("too much");
    assert_eq!(revert.to_string(), "ERC20: transfer amount exceeds balance");
}

#[tokio::test]
async fn a_dead_rpc_is_unreachable() {
    let world = World::automine().await;
    let chain = world.chain();
    world.devnet.stop().await.expect("stops");
    assert!(matches!(chain.head().await, Err(ChainError::Unreachable(_))));
}

#[test]
fn the_words_of_both_token_families_are_understood() {
    use alloy::sol_types::{Revert as Words, SolError};
    use x402::{ErrorReason, Token};

    let head = Head { number: 1, timestamp: 1_000 };
    let nonce = B256::repeat_byte(1);
    let window = |after: u64, before: u64| Token::ERC3009InvalidAuthorizationTime {
        validAfter: U256::from(after),
        validBefore: U256::from(before),
    };
    let words = |text: &str| Words::from(text).abi_encode();
    let cases = [
        (words("FiatTokenV2: authorization is not yet valid"), ErrorReason::VALID_AFTER),
        (words("FiatTokenV2: authorization is expired"), ErrorReason::VALID_BEFORE),
        (words("FiatTokenV2: authorization is used or canceled"), ErrorReason::NONCE_USED),
        (words("ECRecover: invalid signature 's' value"), ErrorReason::SIGNATURE),
        (words("ERC20: transfer amount exceeds balance"), ErrorReason::INSUFFICIENT_FUNDS),
        (words("Blacklistable: account is blacklisted"), ErrorReason::INVALID_TRANSACTION_STATE),
        (window(1_000, 2_000).abi_encode(), ErrorReason::VALID_AFTER),
        (window(0, 1_000).abi_encode(), ErrorReason::VALID_BEFORE),
        (
            Token::ERC3009UsedAuthorization { authorizer: Address::ZERO, nonce }.abi_encode(),
            ErrorReason::NONCE_USED,
        ),
        (Token::ERC3009InvalidSignature {}.abi_encode(), ErrorReason::SIGNATURE),
        (Vec::new(), ErrorReason::INVALID_TRANSACTION_STATE),
        (vec![0x08, 0xc3, 0x79, 0xa0, 0xff], ErrorReason::INVALID_TRANSACTION_STATE),
    ];
    for (data, reason) in cases {
        let revert = Revert(data.into());
        assert_eq!(revert.reason(head), reason, "{revert}");
    }
}
