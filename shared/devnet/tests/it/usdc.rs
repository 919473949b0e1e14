//! What the tests need of USDC and Multicall3: bindings, authorizations, and how to send them.

use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, B256, Bytes, Signature, U256};
use alloy_sol_types::{Eip712Domain, Revert, SolCall, SolError, SolStruct, eip712_domain, sol};
use devnet::{Account, CHAIN_ID, Devnet, DevnetError, USDC};
use serde::Deserialize;
use serde_json::json;
use x402::SigningKey;

sol! {
    struct TransferWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    struct ReceiveWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    struct CancelAuthorization {
        address authorizer;
        bytes32 nonce;
    }

    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
    event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);
    event Transfer(address indexed from, address indexed to, uint256 value);

    #[allow(clippy::too_many_arguments)]
    interface Token {
        function name() returns (string);
        function version() returns (string);
        function decimals() returns (uint8);
        function totalSupply() returns (uint256);
        function DOMAIN_SEPARATOR() returns (bytes32);
        function authorizationState(address authorizer, bytes32 nonce) returns (bool);
        function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s);
        function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature);
        function receiveWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature);
        function cancelAuthorization(address authorizer, bytes32 nonce, bytes signature);
    }
}

/// What a transaction left behind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    pub(crate) status: U256,
    pub(crate) logs: Vec<Log>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Log {
    pub(crate) address: Address,
    pub(crate) topics: Vec<B256>,
    pub(crate) data: Bytes,
}

pub(crate) fn domain() -> Eip712Domain {
    eip712_domain! { name: "USDC", version: "2", chain_id: CHAIN_ID, verifying_contract: USDC, }
}

/// The wall clock in seconds.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A payment of one cent by `from` that is valid now.
pub(crate) fn cent(chain: &Devnet, from: Address) -> TransferWithAuthorization {
    TransferWithAuthorization {
        from,
        to: chain.pay_to().rng,
        value: U256::from(10_000),
        validAfter: U256::from(now() - 60),
        validBefore: U256::from(now() + 60),
        nonce: B256::repeat_byte(7),
    }
}

pub(crate) fn sign(signer: &Account, message: &impl SolStruct) -> Signature {
    let key = SigningKey::from_bytes(&signer.private_key).unwrap();
    Signature::from_raw(&key.sign(message.eip712_signing_hash(&domain()))).unwrap()
}

/// The call that a facilitator makes: the signature in one piece.
pub(crate) fn transfer(payment: &TransferWithAuthorization, signature: &[u8]) -> Vec<u8> {
    let TransferWithAuthorization { from, to, value, validAfter, validBefore, nonce } = payment.clone();
    let signature = signature.to_vec().into();
    Token::transferWithAuthorization_1Call { from, to, value, validAfter, validBefore, nonce, signature }
        .abi_encode()
}

/// Sends a transaction that must succeed.
pub(crate) async fn send(chain: &Devnet, from: Address, to: Address, data: Vec<u8>) -> Receipt {
    let transaction = json!({ "from": from, "to": to, "data": Bytes::from(data) });
    let receipt: Receipt = chain.rpc("eth_sendTransactionSync", [transaction]).await.unwrap();
    assert_eq!(receipt.status, U256::ONE);
    receipt
}

/// Asks a contract and decodes its answer.
pub(crate) async fn ask<C: SolCall>(chain: &Devnet, to: Address, call: C) -> C::Return {
    let from = chain.signer(0).address;
    C::abi_decode_returns(&simulate(chain, from, to, call.abi_encode()).await.unwrap()).unwrap()
}

/// The revert string of a call that must fail.
pub(crate) async fn refusal(chain: &Devnet, to: Address, data: Vec<u8>) -> String {
    match simulate(chain, chain.signer(0).address, to, data).await {
        Err(DevnetError::Rpc { code: 3, data: Some(data), .. }) => words(&data),
        other => panic!("not reverted: {other:?}"),
    }
}

/// The words in what a reverted call returned.
pub(crate) fn words(data: &[u8]) -> String {
    Revert::abi_decode(data).unwrap().reason
}

async fn simulate(chain: &Devnet, from: Address, to: Address, data: Vec<u8>) -> Result<Bytes, DevnetError> {
    chain.rpc("eth_call", (json!({ "from": from, "to": to, "data": Bytes::from(data) }), "latest")).await
}
