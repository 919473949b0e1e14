//! What the seller signs: offers, receipts, deliveries and statuses, with a key that the payee named for it.

use sha2::{Digest, Sha256};
use x402::{
    Address, B256, DelegationError, Delivery, EXACT, ExtensionInfo, Extensions, Finality, Network,
    OfferPayload, Offers, PaymentRequirements, PaymentStatus, ReceiptKey, ReceiptPayload, Signed, SigningKey,
    UnixSeconds, Usdc,
};
use x402_facilitator::{Head, Settled};

use crate::{
    GateConfig,
    ledger::{Answer, Record},
};

/// How long a signed offer holds: an offer is signed anew long before.
const OFFER_HOLDS: UnixSeconds = 300;

/// The key that signs for the payee, and the payee's statement that it may.
#[derive(Clone, Debug)]
pub struct ReceiptSigner {
    key: SigningKey,
    delegation: Signed<ReceiptKey>,
}

/// Why a key cannot sign for a seller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptSignerError {
    /// The statement does not make any key sign for this payee, at this origin, now.
    #[error(transparent)]
    Delegation(#[from] DelegationError),
    /// The statement names another key.
    #[error("the payee named {named}, and this key is {ours}")]
    OtherKey {
        /// Whom the payee named.
        named: Address,
        /// Whose key is here.
        ours: Address,
    },
}

impl ReceiptSigner {
    /// A key that may sign at `at` for the payee and the origin of a configuration.
    ///
    /// # Errors
    /// [`ReceiptSignerError`] when it may not.
    pub fn new(
        key: SigningKey,
        delegation: Signed<ReceiptKey>,
        config: &GateConfig,
        at: UnixSeconds,
    ) -> Result<Self, ReceiptSignerError> {
        let named = delegation.key_for(config.network, config.pay_to, &config.public_url, at)?;
        if named == key.address() {
            Ok(Self { key, delegation })
        } else {
            Err(ReceiptSignerError::OtherKey { named, ours: key.address() })
        }
    }

    pub(crate) const fn delegation(&self) -> &Signed<ReceiptKey> {
        &self.delegation
    }

    /// What stands in a 402: these terms, signed, and who signs.
    pub(crate) fn offer(&self, resource: &str, terms: &PaymentRequirements, now: UnixSeconds) -> Extensions {
        let mut extensions = Extensions::new();
        let offer = OfferPayload::new(resource, terms, Some(now + OFFER_HOLDS));
        Offers(vec![offer.sign(0, &self.key)]).attach(&mut extensions);
        self.delegation.attach(&mut extensions);
        extensions
    }

    /// What stands in `PAYMENT-RESPONSE` beside an answer: the standard's receipt, and which answer to which request it is.
    pub(crate) fn receipt(
        &self,
        config: &GateConfig,
        resource: &str,
        record: &Record,
        (answer, settled): (&Answer, &Settled),
        now: UnixSeconds,
    ) -> Extensions {
        let (mut extensions, key) = (Extensions::new(), &record.key);
        let transaction = Some(settled.transaction);
        let receipt = ReceiptPayload::new(resource, config.network, key.payer, transaction, now);
        receipt.sign(&self.key).attach(&mut extensions);
        let delivery = Delivery {
            payment_id: record.id,
            scheme: EXACT.to_owned(),
            payer: key.payer,
            pay_to: config.pay_to,
            asset: key.asset,
            amount: record.amount,
            request_hash: record.request_hash,
            status: answer.status.as_u16(),
            body_hash: B256::from_slice(&Sha256::digest(&answer.body)),
            transaction: settled.transaction,
            log_index: settled.log_index,
            block_hash: settled.block_hash,
            finality: Finality::Block,
            issued_at: now,
            channel_id: B256::ZERO,
            base: Usdc::ZERO,
            charged: Usdc::ZERO,
        };
        Signed::sign(delivery, config.network, &self.key).attach(&mut extensions);
        extensions
    }

    /// What was known of a payment at a block.
    pub(crate) fn status(
        &self,
        network: Network,
        record: &Record,
        head: Head,
        now: UnixSeconds,
    ) -> Signed<PaymentStatus> {
        let status = PaymentStatus {
            payment_id: record.id,
            money: record.money.as_str().to_owned(),
            work: record.work.as_str().to_owned(),
            transaction: record.transaction,
            block_number: head.number,
            block_time: head.timestamp,
            issued_at: now,
        };
        Signed::sign(status, network, &self.key)
    }
}
