//! Multicall3 stands at its address and batches payments.

use alloy_primitives::{Bytes, U256, address};
use alloy_sol_types::{SolCall, sol};
use devnet::{Devnet, MULTICALL3, Options, USDC};

use crate::usdc::{ask, cent, refusal, send, sign, transfer, words};

sol! {
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    #[derive(Debug)]
    struct Outcome {
        bool success;
        bytes returnData;
    }

    function aggregate3(Call3[] calls) returns (Outcome[] outcomes);
    function getEthBalance(address account) returns (uint256);
    function getChainId() returns (uint256);
    function getBlockNumber() returns (uint256);
}

/// Two payments of the same nonce, of which one must fail.
fn conflicting_payments(chain: &Devnet, allow_failure: bool) -> aggregate3Call {
    let payer = chain.buyer(0);
    let payment = cent(chain, payer.address);
    let data = Bytes::from(transfer(&payment, &sign(payer, &payment).as_bytes()));
    let call = Call3 { target: USDC, allowFailure: allow_failure, callData: data };
    aggregate3Call { calls: vec![call.clone(), call] }
}

#[tokio::test]
async fn a_batch_survives_a_failure_that_it_allows() {
    let chain = Devnet::start(Options::default()).await.unwrap();
    let batch = conflicting_payments(&chain, true);
    let outcomes = ask(&chain, MULTICALL3, batch.clone()).await;
    assert_eq!(outcomes.iter().map(|outcome| outcome.success).collect::<Vec<_>>(), [true, false]);
    assert_eq!(words(&outcomes[1].returnData), "FiatTokenV2: authorization is used or canceled");

    send(&chain, chain.signer(0).address, MULTICALL3, batch.abi_encode()).await;
    assert_eq!(chain.balance_of(chain.pay_to().rng).await.unwrap(), U256::from(10_000));
}

#[tokio::test]
async fn a_batch_dies_of_a_failure_that_it_does_not_allow() {
    let chain = Devnet::start(Options::default()).await.unwrap();
    let batch = conflicting_payments(&chain, false);
    assert_eq!(refusal(&chain, MULTICALL3, batch.abi_encode()).await, "Multicall3: call failed");
}

#[tokio::test]
async fn a_batch_reads_the_chain() {
    let chain = Devnet::start(Options::default()).await.unwrap();
    assert_eq!(MULTICALL3, address!("0xcA11bde05977b3631167028862bE2a173976CA11"));
    let height: U256 = chain.rpc("eth_blockNumber", ()).await.unwrap();
    let idle = ask(&chain, MULTICALL3, getEthBalanceCall { account: chain.buyer(0).address }).await;
    assert_eq!(idle, U256::from(10_000) * U256::from(10).pow(U256::from(18)));
    assert_eq!(ask(&chain, MULTICALL3, getEthBalanceCall { account: MULTICALL3 }).await, U256::ZERO);
    assert_eq!(ask(&chain, MULTICALL3, getChainIdCall {}).await, U256::from(devnet::CHAIN_ID));
    assert!(ask(&chain, MULTICALL3, getBlockNumberCall {}).await >= height);
}
