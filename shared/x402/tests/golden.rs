//! The examples of the specification, and values that other implementations compute.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use x402::{
    Accept, Address, Authorization, B256, BindSalt, Binding, BindingError, Extensions, Network, PaymentNonce,
    PaymentPayload, PaymentRequired, RequestParts, SettlementResponse, SignatureError, SigningKey,
    SupportedResponse, Usdc, VerifyRequest, VerifyResponse, decode_header, encode_header, v1,
};

/// Parses an example, writes it again, and finds it unchanged: no field lost, renamed or reformatted.
fn survives<T: Serialize + DeserializeOwned>(example: &Value) -> T {
    let parsed: T = serde_json::from_value(example.clone()).expect("the example parses");
    assert_eq!(&serde_json::to_value(&parsed).expect("serializes"), example);
    parsed
}

fn requirements() -> Value {
    json!({
        "scheme": "exact", "network": "eip155:84532", "amount": "10000",
        "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
        "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
        "maxTimeoutSeconds": 60, "extra": { "name": "USDC", "version": "2" },
    })
}

fn exact_payload() -> Value {
    json!({
        "signature": "0x2d6a7588d6acca505cbf0d9a4a227e0c52c6c34008c8e8986a1283259764173608a2ce6496642e377d6da8dbbf5836e9bd15092f9ecab05ded3d6293af148b571c",
        "authorization": {
            "from": "0x857b06519E91e3A54538791bDbb0E22373e36b66",
            "to": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
            "value": "10000", "validAfter": "1740672089", "validBefore": "1740672154",
            "nonce": "0xf3746613c2d920b5fdabc0856f2aeb2d4f88ee6037b8cc5d04a71a4462f13480",
        },
    })
}

#[test]
fn version_2_examples_survive_a_round_trip() {
    let resource = json!({
        "url": "https://api.example.com/premium-data", "description": "Access to premium market data",
        "mimeType": "application/json",
    });
    let required: PaymentRequired = survives(&json!({
        "x402Version": 2, "error": "PAYMENT-SIGNATURE header is required",
        "resource": {
            "url": "https://api.example.com/premium-data", "description": "Access to premium market data",
            "mimeType": "application/json", "serviceName": "Example Market Data",
            "tags": ["market-data", "finance"], "iconUrl": "https://api.example.com/icon.png",
        },
        "accepts": [requirements()], "extensions": {},
    }));
    assert_eq!(required.accepts[0].evm().expect("an EVM offer").amount, Usdc::from_atomic(10_000));

    let payment = json!({
        "x402Version": 2, "resource": resource, "accepted": requirements(), "payload": exact_payload(), "extensions": {},
    });
    let parsed: PaymentPayload = survives(&payment);
    assert_eq!(serde_json::to_value(parsed.exact().expect("exact")).expect("serializes"), exact_payload());
    survives::<VerifyRequest>(
        &json!({ "x402Version": 2, "paymentPayload": payment, "paymentRequirements": requirements() }),
    );
}

#[test]
fn answers_of_seller_and_facilitator_survive_a_round_trip() {
    survives::<SettlementResponse>(&json!({
        "success": true, "network": "eip155:84532", "payer": "0x857b06519E91e3A54538791bDbb0E22373e36b66",
        "transaction": "0x89c91c789e57059b17285e7ba1716a1f5ff4c5dace0ea5a5135f26158d0421b9",
    }));
    let failed: SettlementResponse = survives(&json!({
        "success": false, "errorReason": "insufficient_funds", "transaction": "", "network": "eip155:84532",
        "payer": "0x857b06519E91e3A54538791bDbb0E22373e36b66",
    }));
    assert_eq!(failed.transaction, None);
    survives::<VerifyResponse>(&json!({
        "isValid": false, "invalidReason": "insufficient_funds", "payer": "0x857b06519E91e3A54538791bDbb0E22373e36b66",
    }));
    survives::<SupportedResponse>(&json!({
        "kinds": [{ "x402Version": 2, "scheme": "exact", "network": "eip155:84532" }], "extensions": [],
        "signers": { "eip155:*": ["0x1234567890abcdef1234567890abcdef12345678"] },
    }));
}

#[test]
fn version_1_examples_survive_and_translate() {
    let offer = json!({
        "scheme": "exact", "network": "base-sepolia", "maxAmountRequired": "10000",
        "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
        "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
        "resource": "https://api.example.com/premium-data", "description": "Access to premium market data",
        "mimeType": "application/json", "outputSchema": null, "maxTimeoutSeconds": 60,
        "extra": { "name": "USDC", "version": "2" },
    });
    let required: v1::PaymentRequired = survives(
        &json!({ "x402Version": 1, "error": "Payment required to access this resource", "accepts": [offer] }),
    );
    let translated = required.accepts[0].to_v2().expect("a known network");
    assert_eq!(serde_json::to_value(&translated).expect("serializes"), requirements());
    survives::<v1::PaymentPayload>(
        &json!({ "x402Version": 1, "scheme": "exact", "network": "base-sepolia", "payload": exact_payload() }),
    );
}

/// x402-axum 2.0.2 writes null where it has no media type.
#[test]
fn a_version_1_offer_without_a_media_type_is_read() {
    let offer: v1::PaymentRequirements = serde_json::from_value(json!({
        "scheme": "exact", "network": "base-sepolia", "maxAmountRequired": "10000", "description": "", "mimeType": null,
        "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
        "resource": "https://api.example.com/premium-data", "maxTimeoutSeconds": 300,
    }))
    .expect("an offer");
    assert_eq!(offer.mime_type, "");
}

#[test]
fn an_offer_on_an_unknown_chain_is_carried_and_never_taken_for_ours() {
    let solana = json!({ "scheme": "exact", "network": "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1", "amount": "1", "asset": "EPjF", "payTo": "2wKu", "maxTimeoutSeconds": 60 });
    let accept: Accept = survives(&solana);
    assert!(accept.evm().is_none());
}

#[test]
fn the_domain_separators_are_those_of_the_deployed_tokens() {
    let sepolia: B256 =
        "0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818".parse().expect("a hash");
    let base: B256 =
        "0x02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f".parse().expect("a hash");
    assert_eq!(Network::BaseSepolia.usdc().domain_separator(), sepolia);
    assert_eq!(Network::Base.usdc().domain_separator(), base);
}

/// The first account of the public test mnemonic.
fn key() -> SigningKey {
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse().expect("a key")
}

fn authorization() -> Authorization {
    Authorization {
        from: key().address(),
        to: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C".parse().expect("an address"),
        value: Usdc::from_atomic(10_000),
        valid_after: 1_740_672_089,
        valid_before: 1_740_672_154,
        nonce: PaymentNonce(B256::repeat_byte(0xf3)),
    }
}

#[test]
fn a_signed_authorization_is_what_viem_signs() {
    assert_eq!(
        key().address(),
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".parse::<Address>().expect("an address")
    );
    let asset = Network::BaseSepolia.usdc();
    let payload = authorization().sign(&asset, &key());
    assert_eq!(
        authorization().signing_hash(&asset).to_string(),
        "0x543e1b34d3a9b3cfbb7380c25616c981299aad32b4fd26d6a88707c3be296039"
    );
    assert_eq!(
        payload.signature.to_string(),
        "0x65dc307f47db5eca91858fa12ad74877a09c86a3462db0ea1aa8593c54d131ac0cbc8cf6b004a98ce4556797036a9415b07ad8f179441d82b1d2ddcd8a880cbe1b"
    );
    assert_eq!(payload.recover(&asset), Ok(key().address()));
    assert_ne!(payload.recover(&Network::Base.usdc()), Ok(key().address()));
}

#[test]
fn signatures_that_the_token_refuses_are_refused_here() {
    let asset = Network::BaseSepolia.usdc();
    let good = authorization().sign(&asset, &key());
    let with = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.signature.to_vec();
        edit(&mut bytes);
        let mut payload = good.clone();
        payload.signature = bytes.into();
        payload.recover(&asset)
    };
    assert_eq!(with(&|bytes| bytes.truncate(64)), Err(SignatureError::Length(64)));
    assert_eq!(with(&|bytes| bytes[64] -= 27), Err(SignatureError::RecoveryByte(good.signature[64] - 27)));
    assert_eq!(with(&|bytes| high_s(bytes)), Err(SignatureError::HighS));
    assert_eq!(with(&|bytes| bytes[..32].fill(0)), Err(SignatureError::Unrecoverable));
    assert_ne!(with(&|bytes| bytes[40] ^= 1), Ok(key().address()));
}

/// The malleable twin: n - s, other parity.
fn high_s(signature: &mut [u8]) {
    use alloy_primitives::{U256, uint};
    const N: U256 = uint!(0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141_U256);
    let s = U256::from_be_slice(&signature[32..64]);
    signature[32..64].copy_from_slice(&(N - s).to_be_bytes::<32>());
    signature[64] = 55 - signature[64];
}

#[test]
fn request_hash_payment_id_and_bound_nonce_have_golden_values() {
    let request = RequestParts {
        method: "POST",
        origin: "https://api.example.com",
        target: "/v1/random?bytes=32",
        body: br#"{"a":1}"#,
        content_type: "application/json",
        accept: "*/*",
    };
    assert_eq!(
        request.preimage(),
        "x402-req/v1\nPOST\nhttps://api.example.com\n/v1/random?bytes=32\n015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862\napplication/json\n*/*"
    );
    assert_eq!(
        request.hash().to_string(),
        "0x35024cdfcff9e27c91e0b59cc7da79e5d055d2b4c9273aef669c91e092c4b1cf"
    );
    let salt = BindSalt(B256::repeat_byte(0x11));
    assert_eq!(
        salt.nonce(request.hash()).to_string(),
        "0x783462312f3dc1982f17d5048ae8effb6cf7a1a28d5424e17a815915e6a8e1a7"
    );
    assert_eq!(
        authorization().key(&Network::BaseSepolia.usdc()).id().to_string(),
        "0xc794a87e76690295530b5bf3925849281f5008730a5772ce29a6a9031fb4dfef"
    );
}

#[test]
fn a_bound_nonce_cannot_be_moved_or_stripped() {
    let parts =
        RequestParts { method: "GET", origin: "o", target: "/a", body: b"", content_type: "", accept: "" };
    let (request, other) = (parts.hash(), RequestParts { target: "/b", ..parts }.hash());
    let salt = BindSalt(B256::repeat_byte(7));
    let nonce = salt.nonce(request);
    let mut extensions = Extensions::new();
    assert_eq!(Binding::check(nonce, Some(&extensions), request), Err(BindingError::NoSalt));
    salt.attach(&mut extensions);
    assert_eq!(Binding::check(nonce, Some(&extensions), request), Ok(Binding::Bound(salt)));
    assert_eq!(Binding::check(nonce, Some(&extensions), other), Err(BindingError::OtherRequest));
    assert_eq!(Binding::check(nonce, None, request), Err(BindingError::NoSalt));
    let plain = PaymentNonce(B256::repeat_byte(9));
    assert_eq!(Binding::check(plain, None, request), Ok(Binding::Plain));
    extensions["x402-bind"]["info"]["salt"] = json!("0x12");
    assert_eq!(Binding::check(nonce, Some(&extensions), request), Err(BindingError::BadSalt));
}

#[test]
fn headers_beyond_the_caps_are_refused() {
    use x402::HeaderError;
    let long = "A".repeat(1 << 20);
    assert_eq!(decode_header::<Value>(long.as_bytes()), Err(HeaderError::TooLong(1 << 20)));
    assert_eq!(decode_header::<Value>(b"not base64!"), Err(HeaderError::NotBase64));
    let nested = |depth: usize| {
        let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        serde_json::value::RawValue::from_string(text).expect("JSON")
    };
    let header = |depth| encode_header(&nested(depth)).expect("encodes");
    assert!(decode_header::<Value>(header(32).as_bytes()).is_ok());
    assert_eq!(decode_header::<Value>(header(33).as_bytes()), Err(HeaderError::TooDeep));
    assert!(matches!(decode_header::<PaymentPayload>(header(1).as_bytes()), Err(HeaderError::Json(_))));
}

#[test]
fn amounts_are_exact() {
    let dollars = |text: &str| text.parse::<Usdc>().map(Usdc::atomic);
    assert_eq!(dollars("0.001"), Ok(1000));
    assert_eq!(dollars("$10"), Ok(10_000_000));
    assert!(
        dollars("0.0000001").is_err()
            && dollars("-1").is_err()
            && dollars("1e3").is_err()
            && dollars(".5").is_err()
    );
    assert!(dollars("18446744073710").is_err());
    assert_eq!(Usdc::from_atomic(1000).to_string(), "$0.001");
    assert_eq!(Usdc::from_atomic(10_000_000).to_string(), "$10.00");
    for bad in ["", "01", "+1", "1.0", "0x1", "18446744073709551616"] {
        assert!(Usdc::parse_atomic(bad).is_err(), "{bad:?} is no wire amount");
    }
}
