//! What holds for every value: round trips, and that a stranger's bytes never panic.

use proptest::{prelude::*, sample::select};
use serde_json::Value;
use x402::{
    Address, Authorization, B256, LogEntry, Network, PaymentNonce, PaymentPayload, PaymentRequired,
    SettlementResponse, SigningKey, Usdc, decode_header, encode_header, find_settlement, recover, v1,
};

prop_compose! {
    fn authorizations()(
        from in any::<[u8; 20]>(), to in any::<[u8; 20]>(), value in any::<u64>(),
        valid_after in any::<u64>(), valid_before in any::<u64>(), nonce in any::<[u8; 32]>(),
    ) -> Authorization {
        Authorization {
            from: from.into(), to: to.into(), value: Usdc::from_atomic(value), valid_after, valid_before,
            nonce: PaymentNonce(nonce.into()),
        }
    }
}

proptest! {
    #[test]
    fn what_is_signed_recovers_to_the_signer(
        mut authorization in authorizations(), secret in any::<[u8; 32]>(), network in select(&Network::ALL),
    ) {
        let Ok(key) = SigningKey::from_bytes(&secret) else { return Ok(()) };
        authorization.from = key.address();
        let payload = authorization.sign(&network.usdc(), &key);
        prop_assert_eq!(payload.recover(&network.usdc()), Ok(key.address()));
        authorization.value = Usdc::from_atomic(authorization.value.atomic().wrapping_add(1));
        let tampered = x402::ExactPayload { authorization, ..payload };
        prop_assert_ne!(tampered.recover(&network.usdc()), Ok(key.address()));
    }

    #[test]
    fn a_header_decodes_to_what_was_encoded(authorization in authorizations(), signature in proptest::collection::vec(any::<u8>(), 0..200)) {
        let payload = v1::PaymentPayload {
            x402_version: 1, scheme: "exact".into(), network: "base".into(),
            payload: x402::ExactPayload { signature: signature.into(), authorization },
        };
        let header = encode_header(&payload).expect("encodes");
        prop_assert_eq!(decode_header::<v1::PaymentPayload>(header.as_bytes()), Ok(payload));
    }

    #[test]
    fn a_strangers_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), hash in any::<[u8; 32]>()) {
        let _ = decode_header::<PaymentPayload>(&bytes);
        let _ = recover(hash.into(), &bytes);
        let wrapped = encode_header(&String::from_utf8_lossy(&bytes)).expect("encodes");
        let _ = decode_header::<PaymentRequired>(wrapped.as_bytes());
        let _ = serde_json::from_slice::<SettlementResponse>(&bytes);
    }

    #[test]
    fn json_of_any_shape_is_refused_or_parsed_never_a_panic(
        text in "[\\[\\]{}\",:a-z0-9x\\\\ ]{0,200}",
    ) {
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            let header = encode_header(&value).expect("encodes");
            let _ = decode_header::<PaymentPayload>(header.as_bytes());
        }
    }

    #[test]
    fn atomic_amounts_round_trip(units in any::<u64>()) {
        let amount = Usdc::from_atomic(units);
        prop_assert_eq!(Usdc::parse_atomic(&units.to_string()), Ok(amount));
        prop_assert_eq!(amount.to_string().parse::<Usdc>(), Ok(amount));
    }

    /// Only the adjacent pair from the token, for exactly this authorization, is proof.
    #[test]
    fn settlement_is_the_adjacent_pair_and_nothing_else(
        authorization in authorizations(), edit in 0usize..9, start in 0u64..1000,
    ) {
        let asset = Network::Base.usdc().address;
        let used = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5".parse().expect("hash");
        let transfer = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef".parse().expect("hash");
        let mut used_topics = [used, authorization.from.into_word(), authorization.nonce.0];
        let mut transfer_topics = [transfer, authorization.from.into_word(), authorization.to.into_word()];
        let mut value = B256::left_padding_from(&authorization.value.atomic().to_be_bytes());
        let (mut emitter, mut gap) = (asset, 1);
        match edit {
            1 => used_topics[1].0[31] ^= 1,
            2 => used_topics[2].0[0] ^= 1,
            3 => transfer_topics[1].0[31] ^= 1,
            4 => transfer_topics[2].0[31] ^= 1,
            5 => value.0[31] ^= 1,
            6 => emitter = Address::repeat_byte(1),
            7 => gap = 2,
            8 => used_topics.swap(1, 2),
            _ => {}
        }
        let logs = [
            LogEntry { address: asset, topics: &used_topics, data: &[], index: start },
            LogEntry { address: emitter, topics: &transfer_topics, data: value.as_slice(), index: start + gap },
        ];
        let found = find_settlement(logs, asset, &authorization);
        prop_assert_eq!(found.is_some(), edit == 0 || (edit == 8 && used_topics[1] == used_topics[2]));
        prop_assert!(find_settlement(logs.into_iter().rev(), asset, &authorization).is_none());
    }
}
