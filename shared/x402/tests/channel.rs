//! Channels: what the official client computes (`tests/clients/node/channel-vectors.mjs`), and what is refused.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use x402::{
    Address, B256, Bytes, ChannelConfig, ChannelId, ChannelPayload, ChannelSettlement, ChannelState,
    ChannelTerms, Deposit, ErrorReason, Network, PaymentRequirements, SignatureError, SigningKey, Usdc,
    Voucher, VoucherClaim, VoucherState, channel_domain_separator, channel_refund_digest,
};

const NETWORK: Network = Network::BaseSepolia;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/channel.json")).unwrap()
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn survives<T: Serialize + DeserializeOwned>(example: &Value) -> T {
    let parsed: T = read(example);
    assert_eq!(&serde_json::to_value(&parsed).unwrap(), example);
    parsed
}

fn payer() -> SigningKey {
    SigningKey::from_bytes(&[0x11; 32]).unwrap()
}

fn authorizer() -> SigningKey {
    SigningKey::from_bytes(&[0x22; 32]).unwrap()
}

#[test]
fn the_domain_is_the_deployed_contracts() {
    let expected = "0xfdef80764086b1e0fc6ba99f0cb9aa1d59109fda7c23d60334c89d2de44dffce";
    assert_eq!(channel_domain_separator(NETWORK), expected.parse::<B256>().unwrap());
}

#[test]
fn channel_and_voucher_are_those_of_the_official_client() {
    let vectors = vectors();
    let config: ChannelConfig = survives(&vectors["channelConfig"]);
    let id = config.id(NETWORK);
    assert_eq!(id, read::<ChannelId>(&vectors["channelId"]));

    let voucher = Voucher::sign(id, Usdc::from_atomic(5000), NETWORK, &payer());
    assert_eq!(voucher, read::<Voucher>(&vectors["voucher"]));
    assert_eq!(voucher.digest(NETWORK), read::<B256>(&vectors["voucher"]["digest"]));
    assert_eq!(voucher.recover(NETWORK), Ok(payer().address()));
}

#[test]
fn claims_and_refunds_are_those_of_the_official_facilitator() {
    let vectors = vectors();
    let claims: Vec<VoucherClaim> = survives(&vectors["claims"]);
    let digest = VoucherClaim::batch_digest(&claims, NETWORK);
    assert_eq!(digest, read::<B256>(&vectors["claimBatch"]["digest"]));
    assert_eq!(authorizer().sign(digest), read::<Bytes>(&vectors["claimBatch"]["signature"]));

    let digest = channel_refund_digest(read(&vectors["channelId"]), 3, Usdc::from_atomic(1500), NETWORK);
    assert_eq!(digest, read::<B256>(&vectors["refund"]["digest"]));
    assert_eq!(authorizer().sign(digest), read::<Bytes>(&vectors["refund"]["signature"]));
}

/// The official client takes salt and window from chance and clock, so the signature is made again over the same ones.
#[test]
fn a_deposit_is_that_of_the_official_client() {
    let vectors = vectors();
    let ChannelPayload::Deposit(payload) = survives(&vectors["deposit"]) else {
        panic!("a deposit");
    };
    let erc3009 = payload.deposit.authorization.erc3009.clone().unwrap();
    let window = (erc3009.valid_after, erc3009.valid_before);
    let config = payload.channel_config;
    let ours = Deposit::sign(&config, payload.deposit.amount, window, erc3009.salt, NETWORK, &payer());
    assert_eq!(ours, payload.deposit);
    assert_eq!(erc3009.recover(&config, payload.deposit.amount, NETWORK), Ok(payer().address()));
}

#[test]
fn a_channel_is_built_from_an_offer_as_the_official_client_builds_it() {
    let vectors = vectors();
    let offer: PaymentRequirements = survives(&vectors["requirements"]);
    let salt = B256::repeat_byte(7);
    let config = ChannelConfig::accepting(&offer, payer().address(), salt).unwrap();
    assert_eq!(config, read::<ChannelConfig>(&vectors["channelConfig"]));
    let terms = ChannelTerms { receiver_authorizer: authorizer().address(), withdraw_delay: 900 };
    assert_eq!(
        offer,
        PaymentRequirements::channel(NETWORK, Usdc::from_atomic(1000), offer.pay_to, 60, terms)
    );
}

#[test]
fn a_channel_on_other_terms_is_told_by_its_reason() {
    let offer: PaymentRequirements = read(&vectors()["requirements"]);
    let config: ChannelConfig = read(&vectors()["channelConfig"]);
    let other = Address::repeat_byte(9);
    assert_eq!(config.matches(&offer), Ok(()));
    for (changed, reason) in [
        (ChannelConfig { token: other, ..config }, ErrorReason::CHANNEL_TOKEN),
        (ChannelConfig { receiver: other, ..config }, ErrorReason::CHANNEL_RECEIVER),
        (ChannelConfig { receiver_authorizer: other, ..config }, ErrorReason::CHANNEL_RECEIVER_AUTHORIZER),
        (ChannelConfig { withdraw_delay: 901, ..config }, ErrorReason::CHANNEL_WITHDRAW_DELAY),
    ] {
        assert_eq!(changed.matches(&offer), Err(reason));
        assert_ne!(changed.id(NETWORK), config.id(NETWORK));
    }
}

#[test]
fn a_voucher_that_the_contract_would_refuse_is_refused() {
    let voucher: Voucher = read(&vectors()["voucher"]);
    let with =
        |signature: Vec<u8>| Voucher { signature: signature.into(), ..voucher.clone() }.recover(NETWORK);
    let good = voucher.signature.to_vec();
    let v = good[64];

    let mut zero_v = good.clone();
    zero_v[64] = v - 27;
    assert_eq!(with(zero_v), Err(SignatureError::RecoveryByte(v - 27)));

    let mut high_s = good.clone();
    let order: alloy_primitives::U256 =
        "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse().unwrap();
    let s = order - alloy_primitives::U256::from_be_slice(&good[32..64]);
    high_s[32..64].copy_from_slice(&s.to_be_bytes::<32>());
    high_s[64] = 27 + 28 - v;
    assert_eq!(with(high_s), Err(SignatureError::HighS));

    assert_eq!(with(good[..64].to_vec()), Err(SignatureError::Length(64)));
    assert_eq!(with([&good[..], &[0]].concat()), Err(SignatureError::Length(66)));
}

#[test]
fn the_answers_of_the_specification_survive_a_round_trip() {
    let id = "0xabababababababababababababababababababababababababababababababab";
    let state = json!({
        "channelId": id, "balance": "100000", "totalClaimed": "3200", "withdrawRequestedAt": 0,
        "refundNonce": "1", "chargedCumulativeAmount": "3900",
    });
    let paid: ChannelSettlement = survives(&json!({
        "success": true, "transaction": "", "network": "eip155:8453", "amount": "",
        "payer": "0x857b06519E91e3A54538791bDbb0E22373e36b66",
        "extra": { "chargedAmount": "700", "channelState": state },
    }));
    assert_eq!(paid.extra.unwrap().charged_amount, Some(Usdc::from_atomic(700)));
    survives::<ChannelSettlement>(&json!({
        "success": true, "network": "eip155:8453", "amount": "1500", "payer": "0x857b06519E91e3A54538791bDbb0E22373e36b66",
        "transaction": "0x89c91c789e57059b17285e7ba1716a1f5ff4c5dace0ea5a5135f26158d0421b9",
        "extra": { "channelState": state },
    }));
}

#[test]
fn a_correction_is_added_to_an_offer_and_taken_off_again() {
    let offer: PaymentRequirements = read(&vectors()["requirements"]);
    let state = ChannelState {
        channel_id: read(&vectors()["channelId"]),
        balance: Usdc::from_atomic(100_000),
        total_claimed: Usdc::ZERO,
        withdraw_requested_at: 0,
        refund_nonce: 1,
        charged_cumulative_amount: Some(Usdc::from_atomic(3200)),
    };
    let voucher = VoucherState { signed_max_claimable: Usdc::from_atomic(3200), signature: Bytes::from([1]) };
    let corrected = offer.corrected(&state, Some(&voucher));
    assert_eq!(corrected.correction(), Some((state, Some(voucher))));
    assert_eq!(offer.correction(), None);
    assert_eq!(corrected.uncorrected(), offer);
}

proptest! {
    #[test]
    fn no_payload_breaks_the_reader(text in ".{0,200}", number in any::<u128>()) {
        let vectors = vectors();
        for field in ["amount", "voucher", "channelConfig", "type", "deposit"] {
            let mut payload = vectors["deposit"].clone();
            payload[field] = json!(text);
            let _ = serde_json::from_value::<ChannelPayload>(payload.clone());
            payload[field] = json!(number.to_string());
            let _ = serde_json::from_value::<ChannelPayload>(payload);
        }
    }

    #[test]
    fn a_voucher_is_its_signers_alone(ceiling in any::<u64>(), other in any::<u64>()) {
        let config: ChannelConfig = read(&vectors()["channelConfig"]);
        let voucher = Voucher::sign(config.id(NETWORK), Usdc::from_atomic(ceiling), NETWORK, &payer());
        prop_assert_eq!(voucher.recover(NETWORK), Ok(payer().address()));
        prop_assume!(ceiling != other);
        let raised = Voucher { max_claimable_amount: Usdc::from_atomic(other), ..voucher };
        prop_assert_ne!(raised.recover(NETWORK), Ok(payer().address()));
    }
}
