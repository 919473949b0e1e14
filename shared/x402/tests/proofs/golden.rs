//! Digests and signatures, as `@x402/extensions` computes the standard's and viem the others.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use x402::{
    B256, Delivery, Finality, Network, OfferPayload, PaymentId, PaymentStatus, ReceiptPayload, Signed,
    Statement, Usdc,
};

use crate::statements::{delivery, key, offer, read, receipt, receipt_key, status, write};

/// Digest and signature are those of another implementation, and every member of the JSON form is covered by the signature.
fn golden<T>(payload: T, scope: T::Scope, digest: &str, signature: &str)
where
    T: Statement + Clone + Serialize + DeserializeOwned,
{
    assert_eq!(payload.signing_hash(scope).to_string(), digest);
    let signed = Signed::sign(payload, scope, &key());
    assert_eq!(signed.signature.to_string(), signature);
    assert_eq!(signed.signer(scope), Ok(key().address()));
    let json = write(&signed.payload);
    for member in json.as_object().expect("an object").keys().filter(|name| *name != "version") {
        let mut altered = json.clone();
        altered[member] = another(&json[member]);
        let tampered = Signed { payload: read::<T>(altered), signature: signed.signature.clone() };
        assert_ne!(tampered.signer(scope), Ok(key().address()), "{member} is not signed");
    }
}

/// Another value of the same kind.
fn another(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_u64().expect("unsigned") + 1),
        Value::String(text) if text == "block" => json!("safe"),
        Value::String(text) if text.starts_with("0x") => {
            let last = if text.ends_with('1') { '2' } else { '1' };
            json!(format!("{}{last}", &text[..text.len() - 1]))
        }
        Value::String(text) => json!(format!("9{text}")),
        other => panic!("{other} stands in no statement"),
    }
}

#[test]
fn a_signed_offer_is_what_the_stock_package_signs() {
    golden(
        offer(),
        (),
        "0xba389fe85eed31a8d073937925e51f0161a57a9e1a8a08692aa64ec6bc5b2006",
        "0x1d47a39708e07da001756b4f54448e662b8a7d1f4fc42bb5e27b14f6e34b68ce5b3196adfe204c96a7a66dd1bcc1135b8c027caca29aad7017dd444976ea83c31b",
    );
    let endless = OfferPayload { valid_until: 0, ..offer() };
    assert_eq!(
        endless.signing_hash(()).to_string(),
        "0x5b003f609314db689797df850e62d8de3b2f8e50fa1761840229dd2b1a15360f"
    );
    assert!(!endless.is_expired(u64::MAX));
    assert!(!offer().is_expired(1_703_123_516) && offer().is_expired(1_703_123_517));
}

#[test]
fn a_signed_receipt_is_what_the_stock_package_signs() {
    golden(
        receipt(),
        (),
        "0x99b0d8fe7d3267f3c5e453bb8ec68741c69c2a86e9c0072f7f9246450e0e0121",
        "0x79298913f4947a4545dcb342fa7b2aba668a5339547c66374ff437cda923696c09a08b77f3f5aa47f0be9f6c1fb669574817fd90021c2bffd9d2e9294d68f7221c",
    );
    let private = ReceiptPayload { transaction: String::new(), ..receipt() };
    assert_eq!(
        private.signing_hash(()).to_string(),
        "0xa6182809a01e1fd293b0ed20e946f48aa69d70e609373896e4ac4879877231d0"
    );
}

#[test]
fn a_delivery_is_what_viem_signs() {
    golden(
        delivery(),
        Network::BaseSepolia,
        "0xe9974c732068007a6c40ca1cae94ded712f864714e4076d3062820f35f68d613",
        "0x2398308b7fec8372d1fbb4c57aaf6e9e06f8349b55c4dd632d42a767e9fe7d201aaef358dc184611b76015eb5267509c205d9f11e1db19ad080c1fe4598a01a91b",
    );
    golden(
        delivery(),
        Network::Base,
        "0x3a3b7c642caf8b9ac67eea36795e3f3ebbe1f01c1f52f24037a2eb593535f7a0",
        "0xcc6095e58c8934b8b5a8b01648f9cd45403ecd90368054d5ffcecb42fbd93a044415b87ab242f82d94a7e86963e54532529c63fb56bad87d37edfdd8ae79f2191b",
    );
    let of_a_channel = Delivery {
        scheme: "batch-settlement".to_owned(),
        finality: Finality::Preconf,
        channel_id: B256::repeat_byte(6),
        base: Usdc::from_atomic(u64::MAX),
        charged: Usdc::from_atomic(250),
        ..delivery()
    };
    assert_eq!(
        of_a_channel.signing_hash(Network::BaseSepolia).to_string(),
        "0x81be522fb57212e34ef04f25c3417a8c8d50a7b30bfe956f43925e9a47420cf4"
    );
}

#[test]
fn a_delegation_is_what_viem_signs() {
    golden(
        receipt_key(),
        Network::BaseSepolia,
        "0x11c407af0e584208ef0f74446acb0bfee9bdd6554f309c9546a4a76fcd2b2a93",
        "0x58a4aaf670776198f36a4c879a82c935091c5c98a0ecd5b3b9f61f7200ebe9725da58756821b7d8ec798f2abc4cfd2298b4f9f989da7960a4f3fdb273b7956141c",
    );
}

#[test]
fn a_status_is_what_viem_signs() {
    golden(
        status(),
        Network::BaseSepolia,
        "0x7e094fbced7357cc1beba23428c4f24c897d360cb762958f10e6772efb5ff4bb",
        "0x824b2ae79673eb9fc9f6e2721a4b11dc42e563efd4c67389050d74b8dc55e5d55f2ba70a1a03292fb249a16017db8e78ffc15bae585c994c056b5360aebfbfc81c",
    );
    let (money, work, finality) = ("open".into(), "failed".into(), String::new());
    let open = PaymentStatus { money, work, finality, transaction: None, ..status() };
    assert_eq!(
        open.signing_hash(Network::BaseSepolia).to_string(),
        "0xb4d72e3b6f362778ce34c4716c4c41aff1dd8506ce2efa3cc646235823976938"
    );
    assert_eq!(read::<PaymentStatus>(write(&open)), open);
}

#[test]
fn the_nonces_of_refunds_have_golden_values() {
    let nonce = |index| PaymentId(B256::repeat_byte(1)).refund_nonce(index).to_string();
    assert_eq!(nonce(0), "0x3927d7984f2d00f74b1a45e2b0ee4eafcab66b91f9137f19563e3c5a9baf7fb2");
    assert_eq!(nonce(1), "0xc7c022c12af2388be23bc7c47c42876d257adb9479b9dd5611e81066ed3349b4");
    assert_eq!(nonce(0x0102_0304), "0x47918c6cf087f7d526641635589b4fbb8d8ea5f7f100330c4d77098103a52b9a");
}
