//! Where statements stand in a protocol object, and in which form.

use serde_json::{Value, json};
use x402::{
    Accept, Artifact, ArtifactError, Delivery, ExtensionInfo, Extensions, Network, Offers, PaymentIdentifier,
    PaymentRequired, ReceiptKey, Refund, Refunds, ResourceInfo, Signed, SignedOffer, SignedReceipt, Usdc,
    encode_header,
};

use crate::statements::{
    ORIGIN, RESOURCE, delivery, key, offer, read, receipt, receipt_key, requirements, write,
};

#[test]
fn the_standards_examples_survive_a_round_trip() {
    let offer = json!({
        "format": "eip712", "acceptIndex": 0, "signature": "0x1234",
        "payload": {
            "version": 1, "resourceUrl": RESOURCE, "scheme": "exact", "network": "eip155:8453",
            "asset": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
            "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", "amount": "10000", "validUntil": 1_703_123_516,
        },
    });
    assert_eq!(write(&read::<SignedOffer>(offer.clone())), offer);
    let jws = json!({ "format": "jws", "acceptIndex": 0, "signature": "eyJh.eyJ2.sig" });
    let parsed: SignedOffer = read(jws.clone());
    assert_eq!(write(&parsed), jws);
    assert_eq!(parsed.artifact.verify(), Err(ArtifactError::Jws));
    let receipt = json!({
        "format": "eip712", "signature": "0x1234",
        "payload": {
            "version": 1, "network": "eip155:8453", "resourceUrl": RESOURCE,
            "payer": "0x857b06519E91e3A54538791bDbb0E22373e36b66", "issuedAt": 1_703_123_456, "transaction": "",
        },
    });
    assert_eq!(write(&read::<SignedReceipt>(receipt.clone())), receipt);
    for (member, value) in [("/payload/version", json!(2)), ("/format", json!("pgp"))] {
        let mut unknown = receipt.clone();
        *unknown.pointer_mut(member).expect("a member") = value;
        assert!(serde_json::from_value::<SignedReceipt>(unknown).is_err(), "{member}");
    }
    let mut unsigned = receipt;
    unsigned["payload"]["amount"] = json!("1");
    assert!(serde_json::from_value::<SignedReceipt>(unsigned).is_err(), "a member that nobody signed");
}

/// A 402 with all that a seller says beside its offers.
fn required() -> PaymentRequired {
    let mut extensions = Extensions::new();
    Offers(vec![offer().sign(0, &key())]).attach(&mut extensions);
    Signed::sign(receipt_key(), Network::BaseSepolia, &key()).attach(&mut extensions);
    PaymentIdentifier::advertise(&mut extensions, false);
    PaymentRequired {
        x402_version: 2,
        error: None,
        resource: ResourceInfo { url: RESOURCE.to_owned(), ..ResourceInfo::default() },
        accepts: vec![Accept::Evm(requirements())],
        extensions: Some(extensions),
    }
}

#[test]
fn everything_is_found_where_it_was_put_and_a_402_stays_small() {
    let required = required();
    assert!(encode_header(&required).expect("encodes").len() < 8 * 1024);
    let extensions = required.extensions.as_ref();
    assert_eq!(extensions.expect("some").keys().count(), 3);
    assert_eq!(write(&extensions)["offer-receipt"]["info"]["offers"][0]["format"], "eip712");
    assert_eq!(write(&extensions)["x402-delivery"]["info"]["receiptKey"]["payload"]["origin"], ORIGIN);
    assert_eq!(Offers::read(extensions), Ok(Some(Offers(vec![offer().sign(0, &key())]))));
    let named = Signed::<ReceiptKey>::read(extensions).expect("readable").expect("there");
    assert_eq!(named.payload, receipt_key());
    assert_eq!(Signed::<Delivery>::read(extensions), Ok(None));
    assert_eq!(SignedReceipt::read(None), Ok(None));

    let mut answered = Extensions::new();
    receipt().sign(&key()).attach(&mut answered);
    let delivered = Signed::sign(delivery(), Network::BaseSepolia, &key());
    delivered.attach(&mut answered);
    let refund = Refund { index: 0, amount: Usdc::from_atomic(1), transaction: None, to: key().address() };
    Refunds(vec![refund]).attach(&mut answered);
    assert_eq!(Signed::<Delivery>::read(Some(&answered)), Ok(Some(delivered)));
    assert!(matches!(SignedReceipt::read(Some(&answered)), Ok(Some(Artifact::Eip712(_)))));
    assert_eq!(Refunds::read(Some(&answered)), Ok(Some(Refunds(vec![refund]))));
    answered["x402-delivery"]["info"]["delivery"]["payload"]["amount"] = json!(-1);
    let broken = Signed::<Delivery>::read(Some(&answered)).expect_err("not a delivery");
    assert_eq!((broken.extension, broken.member), ("x402-delivery", "delivery"));
}

#[test]
fn payment_identifiers_are_those_that_the_stock_package_accepts() {
    let long = "a".repeat(128);
    for good in ["aaaaaaaaaaaaaaaa", &long, "pay_7d5d747be160e280504c099d984bcfe0", "pay-7D5d747be160e280"] {
        assert_eq!(good.parse::<PaymentIdentifier>().expect("an identifier").as_str(), good);
    }
    for bad in ["", "aaaaaaaaaaaaaaa", &"a".repeat(129), "pay 7d5d747be160e280", "pay_7d5d747be160e280\u{e9}"]
    {
        assert!(bad.parse::<PaymentIdentifier>().is_err(), "{bad}");
    }
}

#[test]
fn a_payment_identifier_stands_where_the_seller_offered_a_place() {
    let id: PaymentIdentifier = "pay_7d5d747be160e280".parse().expect("an identifier");
    let mut extensions = required().extensions.expect("some");
    assert_eq!(PaymentIdentifier::read(Some(&extensions)), Ok(None), "echoed without one");
    assert!(id.attach(&mut extensions));
    assert_eq!(PaymentIdentifier::read(Some(&extensions)), Ok(Some(id.clone())));
    assert_eq!(extensions["payment-identifier"]["info"]["required"], false);
    for bad in [json!(7), json!("short"), Value::Null] {
        extensions["payment-identifier"]["info"]["id"] = bad;
        assert!(PaymentIdentifier::read(Some(&extensions)).is_err());
    }
    assert!(!id.attach(&mut Extensions::new()), "a seller who offers no place gets none");
    assert_eq!(PaymentIdentifier::read(None), Ok(None));
}
