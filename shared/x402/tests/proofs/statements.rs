//! One statement of each kind.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use x402::{
    B256, Delivery, Network, OfferPayload, PaymentId, PaymentRequirements, PaymentStatus, ReceiptKey,
    ReceiptPayload, SigningKey, Usdc,
};

pub(crate) const RESOURCE: &str = "https://api.example.com/premium-data";
pub(crate) const ORIGIN: &str = "https://api.example.com";

/// The first account of the public test mnemonic.
pub(crate) fn key() -> SigningKey {
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse().expect("a key")
}

pub(crate) fn read<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("of the right shape")
}

pub(crate) fn write<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("serializes")
}

pub(crate) fn requirements() -> PaymentRequirements {
    let pay_to = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C".parse().expect("an address");
    PaymentRequirements::exact(Network::BaseSepolia, Usdc::from_atomic(10_000), pay_to, 60)
}

pub(crate) fn offer() -> OfferPayload {
    OfferPayload::new(RESOURCE, &requirements(), Some(1_703_123_516))
}

pub(crate) fn receipt() -> ReceiptPayload {
    let payer = "0x857b06519E91e3A54538791bDbb0E22373e36b66".parse().expect("an address");
    let transaction = Some(B256::repeat_byte(0x12));
    ReceiptPayload::new(RESOURCE, Network::BaseSepolia, payer, transaction, 1_703_123_456)
}

pub(crate) fn receipt_key() -> ReceiptKey {
    read(json!({
        "key": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "origin": ORIGIN,
        "notBefore": 1_703_000_000, "notAfter": 1_704_000_000,
    }))
}

pub(crate) fn delivery() -> Delivery {
    let hash = B256::repeat_byte;
    read(json!({
        "paymentId": hash(1), "scheme": "exact", "payer": "0x857b06519E91e3A54538791bDbb0E22373e36b66",
        "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
        "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "amount": "10000", "requestHash": hash(2),
        "status": 200, "bodyHash": hash(3), "transaction": hash(4), "logIndex": 7, "blockHash": hash(5),
        "finality": "block", "issuedAt": 1_703_123_456, "channelId": hash(0), "base": "0", "charged": "0",
    }))
}

pub(crate) fn status() -> PaymentStatus {
    PaymentStatus {
        payment_id: PaymentId(B256::repeat_byte(1)),
        money: "settled".to_owned(),
        work: "served".to_owned(),
        finality: "block".to_owned(),
        transaction: Some(B256::repeat_byte(4)),
        block_number: 123_456,
        block_time: 1_703_123_400,
        issued_at: 1_703_123_456,
    }
}
