//! What holds for every value.

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};
use x402::{
    B256, Delivery, ExtensionInfo, Extensions, Finality, Network, OfferPayload, Offers, PaymentId,
    PaymentIdentifier, PaymentRequirements, ReceiptKey, Refunds, Signed, SignedOffer, SignedReceipt,
    SigningKey, Usdc,
};

use crate::statements::{key, read, requirements, write};

prop_compose! {
    fn deliveries()(
        hashes in any::<[[u8; 32]; 6]>(), accounts in any::<[[u8; 20]; 3]>(), amounts in any::<[u64; 3]>(),
        numbers in any::<[u64; 2]>(), status in any::<u16>(), scheme in "\\PC{0,40}",
        finality in select(&[Finality::Preconf, Finality::Block, Finality::Safe]),
    ) -> Delivery {
        let [payment, request, body, transaction, block, channel] = hashes.map(B256::from);
        let [payer, pay_to, asset] = accounts.map(Into::into);
        let [amount, base, charged] = amounts.map(Usdc::from_atomic);
        let [log_index, issued_at] = numbers;
        Delivery {
            payment_id: PaymentId(payment), scheme, payer, pay_to, asset, amount,
            request_hash: x402::RequestHash(request), status, body_hash: body, transaction, log_index,
            block_hash: block, finality, issued_at, channel_id: channel, base, charged,
        }
    }
}

proptest! {
    #[test]
    fn a_delivery_survives_the_wire_and_recovers_to_its_signer(
        delivery in deliveries(), other in deliveries(), secret in any::<[u8; 32]>(), network in select(&Network::ALL),
    ) {
        let Ok(key) = SigningKey::from_bytes(&secret) else { return Ok(()) };
        let mut extensions = Extensions::new();
        Signed::sign(delivery.clone(), network, &key).attach(&mut extensions);
        let text = serde_json::to_string(&extensions).expect("serializes");
        let received: Extensions = serde_json::from_str(&text).expect("JSON");
        let signed = Signed::<Delivery>::read(Some(&received)).expect("readable").expect("there");
        prop_assert_eq!(&signed.payload, &delivery);
        prop_assert_eq!(signed.signer(network), Ok(key.address()));
        let swapped = Signed { payload: other, signature: signed.signature };
        prop_assert_ne!(swapped.signer(network), Ok(key.address()));
    }

    #[test]
    fn offers_with_any_text_survive_the_wire(url in "\\PC{0,80}", amount in any::<u64>(), until in any::<u64>()) {
        let terms = PaymentRequirements { amount: Usdc::from_atomic(amount), ..requirements() };
        let signed = OfferPayload::new(&url, &terms, Some(until)).sign(3, &key());
        let received: SignedOffer = read(write(&signed));
        let (payload, signer) = received.artifact.verify().expect("verifies");
        prop_assert_eq!(signer, key().address());
        prop_assert!(payload.matches(&terms));
        prop_assert_eq!(received.accept_index, Some(3));
    }

    #[test]
    fn refund_nonces_differ_by_payment_and_index(ids in any::<[[u8; 32]; 2]>(), indexes in any::<[u32; 2]>()) {
        let nonce = |i: usize| PaymentId(ids[i].into()).refund_nonce(indexes[i]);
        prop_assert_eq!(nonce(0) == nonce(1), (ids[0], indexes[0]) == (ids[1], indexes[1]));
    }

    #[test]
    fn a_strangers_extensions_never_panic(text in "[\\[\\]{}\",:a-z0-9x\\\\ ]{0,120}") {
        let Ok(value) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
        for info in [json!({ "delivery": value, "receiptKey": value }), value.clone()] {
            let mut extensions = Extensions::new();
            for name in ["x402-delivery", "offer-receipt", "payment-identifier", "x402-refund"] {
                extensions.insert(name.to_owned(), json!({ "info": info }));
            }
            let _ = Signed::<Delivery>::read(Some(&extensions));
            let _ = Signed::<ReceiptKey>::read(Some(&extensions));
            let _ = (Offers::read(Some(&extensions)), SignedReceipt::read(Some(&extensions)));
            let _ = (PaymentIdentifier::read(Some(&extensions)), Refunds::read(Some(&extensions)));
        }
    }
}
