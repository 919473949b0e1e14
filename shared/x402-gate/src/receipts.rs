//! What the seller signs: offers, receipts, deliveries and statuses, with a key that the payee named for it.

use sha2::{Digest, Sha256};
use x402::{
    Address, B256, BATCH_SETTLEMENT, DelegationError, Delivery, EXACT, ExtensionInfo, Extensions, Finality,
    Network, OfferPayload, Offers, PaymentId, PaymentRequirements, PaymentStatus, ReceiptKey, ReceiptPayload,
    RequestHash, Signed, SigningKey, UnixSeconds, Usdc,
};
use x402_facilitator::{Head, Settled};

use crate::{
    GateConfig,
    ledger::{Answer, PaidCall, Record},
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
    pub(crate) fn offer<'a>(
        &self,
        resource: &str,
        accepts: impl Iterator<Item = &'a PaymentRequirements>,
        now: UnixSeconds,
    ) -> Extensions {
        let mut extensions = Extensions::new();
        let sign = |(index, terms)| {
            OfferPayload::new(resource, terms, Some(now + OFFER_HOLDS)).sign(index, &self.key)
        };
        Offers(accepts.enumerate().map(sign).collect()).attach(&mut extensions);
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
        let key = &record.key;
        let delivery = Delivery {
            amount: record.amount,
            request_hash: record.request_hash,
            transaction: settled.transaction,
            log_index: settled.log_index,
            block_hash: settled.block_hash,
            finality: settled.finality,
            ..delivery(config, EXACT, key.payer, record.id, answer, now)
        };
        self.proof(config, resource, Some(settled.transaction), delivery)
    }

    /// The same beside the answer to a call from a channel: no transaction moved its money, so it names the call in the channel.
    pub(crate) fn call(
        &self,
        config: &GateConfig,
        resource: &str,
        payer: Address,
        call: &PaidCall,
        now: UnixSeconds,
    ) -> Extensions {
        let delivery = Delivery {
            amount: call.charge,
            request_hash: call.request_hash,
            channel_id: call.channel.0,
            base: call.base,
            charged: call.charge,
            ..delivery(config, BATCH_SETTLEMENT, payer, call.payment, &call.answer, now)
        };
        self.proof(config, resource, None, delivery)
    }

    fn proof(
        &self,
        config: &GateConfig,
        resource: &str,
        transaction: Option<B256>,
        delivery: Delivery,
    ) -> Extensions {
        let mut extensions = Extensions::new();
        let (payer, at) = (delivery.payer, delivery.issued_at);
        let receipt = ReceiptPayload::new(resource, config.network, payer, transaction, at);
        receipt.sign(&self.key).attach(&mut extensions);
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
            finality: record.settled.map_or("", |settled| settled.finality.as_str()).to_owned(),
            transaction: record.transaction,
            block_number: head.number,
            block_time: head.timestamp,
            issued_at: now,
        };
        Signed::sign(status, network, &self.key)
    }
}

/// What a delivery says whatever the scheme.
fn delivery(
    config: &GateConfig,
    scheme: &str,
    payer: Address,
    payment_id: PaymentId,
    answer: &Answer,
    issued_at: UnixSeconds,
) -> Delivery {
    Delivery {
        payment_id,
        scheme: scheme.to_owned(),
        payer,
        pay_to: config.pay_to,
        asset: config.network.usdc().address,
        amount: Usdc::ZERO,
        request_hash: RequestHash(B256::ZERO),
        status: answer.status.as_u16(),
        body_hash: B256::from_slice(&Sha256::digest(&answer.body)),
        transaction: B256::ZERO,
        log_index: 0,
        block_hash: B256::ZERO,
        finality: Finality::Block,
        issued_at,
        channel_id: B256::ZERO,
        base: Usdc::ZERO,
        charged: Usdc::ZERO,
    }
}
