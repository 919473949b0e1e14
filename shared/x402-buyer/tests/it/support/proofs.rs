use axum::response::Response;
use sha2::{Digest, Sha256};
use x402::{
    Accept, Address, B256, Delivery, EXACT, ExtensionInfo, Extensions, Finality, Network, OfferPayload,
    Offers, PaymentRequired, PaymentRequirements, ReceiptKey, ReceiptPayload, ResourceInfo, Signed,
    SigningKey, Usdc,
};
use x402_buyer::UnixMillis;

use super::{
    Call, Seller, offer,
    seller::{challenge, settled_with},
};

const NETWORK: Network = Network::BaseSepolia;
const TRANSACTION: B256 = B256::repeat_byte(0x7a);
const BODY: &str = "worth the money";

/// A seller's keys, and the statements that it makes with them.
#[derive(Clone, Debug)]
pub(crate) struct Proofs {
    pub(crate) payee: SigningKey,
    pub(crate) receipts: SigningKey,
}

impl Proofs {
    pub(crate) fn new() -> Self {
        let key = |byte| SigningKey::from_bytes(&[byte; 32]).unwrap();
        Self { payee: key(0x51), receipts: key(0x52) }
    }

    /// A seller who signs offers, deliveries and receipts with a key that the payee named.
    pub(crate) async fn seller(&self) -> Seller {
        let proofs = self.clone();
        Seller::start(move |call| {
            let answer = if call.is_paid() { proofs.answer(&call) } else { proofs.ask(&call) };
            std::future::ready(answer)
        })
        .await
    }

    pub(crate) fn requirements(&self) -> PaymentRequirements {
        PaymentRequirements { pay_to: self.payee.address(), ..offer() }
    }

    /// The payee's word for the key, for an hour around now.
    pub(crate) fn receipt_key(&self, origin: &str) -> Signed<ReceiptKey> {
        let now = UnixMillis::now().seconds();
        let (key, origin) = (self.receipts.address(), origin.to_owned());
        let named = ReceiptKey { key, origin, not_before: now - 1800, not_after: now + 1800 };
        Signed::sign(named, NETWORK, &self.payee)
    }

    /// The 402 with the signed offer and the receipt key.
    pub(crate) fn ask(&self, call: &Call) -> Response {
        let (url, requirements) = (resource(call), self.requirements());
        let until = UnixMillis::now().seconds() + 60;
        let mut extensions = Extensions::new();
        let signed = OfferPayload::new(&url, &requirements, Some(until)).sign(0, &self.receipts);
        Offers(vec![signed]).attach(&mut extensions);
        self.receipt_key(&call.origin).attach(&mut extensions);
        challenge(&PaymentRequired {
            x402_version: 2,
            error: None,
            resource: ResourceInfo { url, ..ResourceInfo::default() },
            accepts: vec![Accept::Evm(requirements)],
            extensions: Some(extensions),
        })
    }

    fn answer(&self, call: &Call) -> Response {
        let paid = call.payment().exact().unwrap().authorization;
        let (usdc, now) = (NETWORK.usdc(), UnixMillis::now().seconds());
        let delivery = Delivery {
            payment_id: paid.key(&usdc).id(),
            scheme: EXACT.to_owned(),
            payer: paid.from,
            pay_to: paid.to,
            asset: usdc.address,
            amount: paid.value,
            request_hash: call.hash(),
            status: 200,
            body_hash: B256::from_slice(&Sha256::digest(BODY)),
            transaction: TRANSACTION,
            log_index: 7,
            block_hash: B256::repeat_byte(0xb1),
            finality: Finality::Block,
            issued_at: now,
            channel_id: B256::ZERO,
            base: Usdc::ZERO,
            charged: Usdc::ZERO,
        };
        let mut extensions = Extensions::new();
        Signed::sign(delivery, NETWORK, &self.receipts).attach(&mut extensions);
        self.receipt(call, paid.from, now).sign(&self.receipts).attach(&mut extensions);
        settled_with(TRANSACTION, Some(extensions), BODY)
    }

    fn receipt(&self, call: &Call, payer: Address, now: u64) -> ReceiptPayload {
        ReceiptPayload::new(&resource(call), NETWORK, payer, Some(TRANSACTION), now)
    }
}

fn resource(call: &Call) -> String {
    let path = call.target.split('?').next().unwrap();
    format!("{}{path}", call.origin)
}
