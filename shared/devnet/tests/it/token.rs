//! The stand-in refuses and accepts what USDC v2.2 does, in its words.

use alloy_primitives::{B256, Signature, U256, b256};
use alloy_sol_types::{SolCall, SolEvent};
use devnet::{Account, Devnet, Options, USDC};

use crate::usdc::{
    AuthorizationCanceled, AuthorizationUsed, CancelAuthorization, Receipt, ReceiveWithAuthorization, Token,
    Transfer, TransferWithAuthorization, ask, cent, domain, now, refusal, send, sign, transfer,
};

async fn start() -> Devnet {
    Devnet::start(Options::default()).await.unwrap()
}

/// Settles a payment that `signer` signs.
async fn pay(chain: &Devnet, signer: &Account, payment: &TransferWithAuthorization) -> Receipt {
    let call = transfer(payment, &sign(signer, payment).as_bytes());
    send(chain, chain.signer(0).address, USDC, call).await
}

/// Why a payment that `signer` signs is refused.
async fn payment_refusal(chain: &Devnet, signer: &Account, payment: &TransferWithAuthorization) -> String {
    refusal(chain, USDC, transfer(payment, &sign(signer, payment).as_bytes())).await
}

#[tokio::test]
async fn the_token_has_the_domain_of_usdc_on_base_sepolia() {
    let chain = start().await;
    let separator = ask(&chain, USDC, Token::DOMAIN_SEPARATORCall {}).await;
    assert_eq!(separator, b256!("0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818"));
    assert_eq!(separator, domain().separator());
    assert_eq!(ask(&chain, USDC, Token::nameCall {}).await, "USDC");
    assert_eq!(ask(&chain, USDC, Token::versionCall {}).await, "2");
    assert_eq!(ask(&chain, USDC, Token::decimalsCall {}).await, 6);
}

#[tokio::test]
async fn a_payment_moves_money_and_logs_its_nonce_directly_before_the_transfer() {
    let chain = start().await;
    let payer = chain.buyer(0);
    let payment = cent(&chain, payer.address);
    let before = chain.balance_of(payer.address).await.unwrap();

    let receipt = pay(&chain, payer, &payment).await;

    let [used, moved] = receipt.logs.as_slice() else { panic!("two logs, not {:?}", receipt.logs) };
    assert_eq!([used.address, moved.address], [USDC, USDC]);
    assert_eq!(used.topics, [AuthorizationUsed::SIGNATURE_HASH, payer.address.into_word(), payment.nonce]);
    assert_eq!(moved.topics, [Transfer::SIGNATURE_HASH, payer.address.into_word(), payment.to.into_word()]);
    assert_eq!(U256::from_be_slice(&moved.data), payment.value);
    assert_eq!(chain.balance_of(payer.address).await.unwrap(), before - payment.value);
    assert_eq!(chain.balance_of(payment.to).await.unwrap(), payment.value);
}

#[tokio::test]
async fn a_payment_may_carry_its_signature_in_three_parts() {
    let chain = start().await;
    let payment = cent(&chain, chain.buyer(0).address);
    let signature = sign(chain.buyer(0), &payment);
    let call = Token::transferWithAuthorization_0Call {
        from: payment.from,
        to: payment.to,
        value: payment.value,
        validAfter: payment.validAfter,
        validBefore: payment.validBefore,
        nonce: payment.nonce,
        v: if signature.v() { 28 } else { 27 },
        r: signature.r().into(),
        s: signature.s().into(),
    };
    send(&chain, chain.signer(0).address, USDC, call.abi_encode()).await;
    assert_eq!(chain.balance_of(payment.to).await.unwrap(), payment.value);
}

#[tokio::test]
async fn a_nonce_pays_once() {
    let chain = start().await;
    let payer = chain.buyer(0);
    let mut payment = cent(&chain, payer.address);
    pay(&chain, payer, &payment).await;

    payment.to = chain.pay_to().scraper;
    let words = payment_refusal(&chain, payer, &payment).await;
    assert_eq!(words, "FiatTokenV2: authorization is used or canceled");
    let state = Token::authorizationStateCall { authorizer: payer.address, nonce: payment.nonce };
    assert!(ask(&chain, USDC, state).await);
}

#[tokio::test]
async fn a_payment_outside_its_window_is_refused() {
    let chain = start().await;
    let payer = chain.buyer(0);
    let mut late = cent(&chain, payer.address);
    late.validBefore = U256::from(now() - 1);
    let mut early = cent(&chain, payer.address);
    early.validAfter = U256::from(now() + 30);

    assert_eq!(payment_refusal(&chain, payer, &late).await, "FiatTokenV2: authorization is expired");
    assert_eq!(payment_refusal(&chain, payer, &early).await, "FiatTokenV2: authorization is not yet valid");
}

#[tokio::test]
async fn a_window_is_always_read_as_timestamps() {
    let chain = start().await;
    let payer = chain.buyer(0);
    let mut payment = cent(&chain, payer.address);
    // With this bit in both ends, OpenZeppelin's own implementation compares block numbers, and would accept.
    let flag = U256::from(1u64 << 47);
    payment.validAfter = flag;
    payment.validBefore = flag + U256::from(1_000_000);
    let words = payment_refusal(&chain, payer, &payment).await;
    assert_eq!(words, "FiatTokenV2: authorization is not yet valid");
}

#[tokio::test]
async fn a_signature_is_accepted_in_one_form_only() {
    let chain = start().await;
    let payer = chain.buyer(0);
    let payment = cent(&chain, payer.address);
    let good = sign(payer, &payment);
    let order: U256 = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse().unwrap();
    let high_s = Signature::new(good.r(), order - good.s(), !good.v()).as_bytes().to_vec();
    let mut low_v = good.as_bytes().to_vec();
    low_v[64] -= 27;
    let stranger = sign(chain.buyer(1), &payment).as_bytes().to_vec();

    for (signature, words) in [
        (high_s, "ECRecover: invalid signature 's' value"),
        (low_v, "ECRecover: invalid signature 'v' value"),
        (good.as_erc2098().to_vec(), "ECRecover: invalid signature length"),
        (vec![], "ECRecover: invalid signature length"),
        (stranger, "FiatTokenV2: invalid signature"),
    ] {
        assert_eq!(refusal(&chain, USDC, transfer(&payment, &signature)).await, words);
    }
    pay(&chain, payer, &payment).await;
}

#[tokio::test]
async fn nobody_pays_more_than_they_have() {
    let chain = start().await;
    let payer = chain.buyer(0);
    let mut payment = cent(&chain, payer.address);
    payment.value = chain.balance_of(payer.address).await.unwrap() + U256::ONE;
    let words = payment_refusal(&chain, payer, &payment).await;
    assert_eq!(words, "ERC20: transfer amount exceeds balance");
}

#[tokio::test]
async fn a_contract_wallet_pays_with_its_owners_signature() {
    let chain = start().await;
    let (owner, stranger) = (chain.buyer(0), chain.buyer(1));
    let wallet = chain.deploy_wallet(owner.address).await.unwrap();
    chain.mint(wallet, U256::from(10_000)).await.unwrap();
    let payment = cent(&chain, wallet);

    assert_eq!(payment_refusal(&chain, stranger, &payment).await, "FiatTokenV2: invalid signature");
    pay(&chain, owner, &payment).await;
    assert_eq!(chain.balance_of(wallet).await.unwrap(), U256::ZERO);
}

#[tokio::test]
async fn only_the_payee_receives() {
    let chain = start().await;
    let payer = chain.buyer(0);
    let payee = chain.pay_to().rng;
    let message = ReceiveWithAuthorization {
        from: payer.address,
        to: payee,
        value: U256::from(10_000),
        validAfter: U256::ZERO,
        validBefore: U256::MAX,
        nonce: B256::ZERO,
    };
    let call = Token::receiveWithAuthorizationCall {
        from: message.from,
        to: message.to,
        value: message.value,
        validAfter: message.validAfter,
        validBefore: message.validBefore,
        nonce: message.nonce,
        signature: sign(payer, &message).as_bytes().into(),
    }
    .abi_encode();

    assert_eq!(refusal(&chain, USDC, call.clone()).await, "FiatTokenV2: caller must be the payee");
    send(&chain, payee, USDC, call).await;
    assert_eq!(chain.balance_of(payee).await.unwrap(), message.value);
}

#[tokio::test]
async fn a_cancelled_authorization_pays_nobody() {
    let chain = start().await;
    let payer = chain.buyer(0);
    let payment = cent(&chain, payer.address);
    let message = CancelAuthorization { authorizer: payer.address, nonce: payment.nonce };
    let signature = sign(payer, &message).as_bytes().into();
    let call = Token::cancelAuthorizationCall { authorizer: payer.address, nonce: payment.nonce, signature };

    let receipt = send(&chain, chain.signer(0).address, USDC, call.abi_encode()).await;
    assert_eq!(receipt.logs[0].topics[0], AuthorizationCanceled::SIGNATURE_HASH);
    let words = payment_refusal(&chain, payer, &payment).await;
    assert_eq!(words, "FiatTokenV2: authorization is used or canceled");
}
