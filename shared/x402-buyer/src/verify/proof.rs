//! What the seller signed: the key that signs for the payee, the offer, the delivery, and the standard's receipt.

use url::Url;
use x402::{
    Address, ArtifactError, B256, Delivery, ExtensionError, ExtensionInfo, Network, OfferPayload, Offers,
    ReceiptKey, ReceiptPayload, Signed, SignedReceipt, UnixSeconds, Usdc, may_sign,
};

use super::Check;
use crate::{Receipt, paid::Facts};

const RECEIPT_KEY: &str = "receipt-key";
const SIGNED_OFFER: &str = "signed-offer";
const DELIVERY: &str = "delivery";
const STANDARD_RECEIPT: &str = "standard-receipt";
const SIGNS_NOTHING: &str = "the seller signs no receipts";

/// The seller's statements, as the receipt holds them. The first two were stored before anything was paid.
struct Proof<'a> {
    receipt: &'a Receipt,
    paid: Facts<'a>,
    network: Network,
    key: Option<Signed<ReceiptKey>>,
    offers: Option<Offers>,
    delivery: Option<Signed<Delivery>>,
    standard: Option<SignedReceipt>,
}

pub(super) fn checks(receipt: &Receipt) -> Vec<Check> {
    let (Some(network), Some(paid)) = (receipt.known_network(), receipt.facts()) else { return Vec::new() };
    let proof = match Proof::read(receipt, paid, network) {
        Ok(proof) => proof,
        Err((name, error)) => return vec![Check::failed(name, error)],
    };
    let mut checks = vec![proof.receipt_key()];
    checks.extend(proof.offers.as_ref().map(|offers| proof.signed_offer(offers)));
    checks.extend([proof.delivery(), proof.standard_receipt()]);
    checks
}

impl<'a> Proof<'a> {
    fn read(
        receipt: &'a Receipt,
        paid: Facts<'a>,
        network: Network,
    ) -> Result<Self, (&'static str, ExtensionError)> {
        let before = receipt.offer.extensions.as_ref();
        let after = receipt.settlement.as_ref().and_then(|settlement| settlement.extensions.as_ref());
        Ok(Self {
            receipt,
            paid,
            network,
            key: ExtensionInfo::read(before).map_err(|error| (RECEIPT_KEY, error))?,
            offers: ExtensionInfo::read(before).map_err(|error| (SIGNED_OFFER, error))?,
            delivery: ExtensionInfo::read(after).map_err(|error| (DELIVERY, error))?,
            standard: ExtensionInfo::read(after).map_err(|error| (STANDARD_RECEIPT, error))?,
        })
    }

    /// The key is the payee's, for this seller, and was valid when it signed.
    fn receipt_key(&self) -> Check {
        let Some(key) = &self.key else { return Check::not_checked(RECEIPT_KEY, SIGNS_NOTHING) };
        let delivered = self.delivery.as_ref().map(|delivery| delivery.payload.issued_at);
        let at = delivered.unwrap_or_else(|| self.receipt.signed_at.seconds());
        let payee = self.paid.payee;
        let named = key.key_for(self.network, payee, &self.receipt.request.origin, at);
        Check::of(RECEIPT_KEY, named.map(|key| format!("{key} signs for the payee")))
    }

    /// The payee signs, or a key that the payee named for this origin and time.
    fn may_sign(&self, signer: Address, origin: &str, at: UnixSeconds) -> Result<(), String> {
        may_sign(signer, self.key.as_ref(), self.network, self.paid.payee, origin, at)
            .map_err(|error| error.to_string())
    }

    fn delivery(&self) -> Check {
        let Some(delivery) = &self.delivery else {
            return match self.key {
                Some(_) => Check::failed(DELIVERY, "a receipt key was offered, and the answer is not signed"),
                None => Check::not_checked(DELIVERY, SIGNS_NOTHING),
            };
        };
        Check::of(DELIVERY, self.delivered(delivery))
    }

    fn delivered(&self, delivery: &Signed<Delivery>) -> Result<String, String> {
        let signer = delivery.signer(self.network).map_err(|error| error.to_string())?;
        self.may_sign(signer, &self.receipt.request.origin, delivery.payload.issued_at)?;
        match self.difference(&delivery.payload) {
            Some(field) => Err(format!("the seller signed another {field}")),
            None => Ok(format!("{signer} signed this answer to this request for this payment")),
        }
    }

    /// What the delivery says otherwise than the rest of the receipt. Block, log, finality and time are the seller's to say.
    fn difference(&self, stated: &Delivery) -> Option<&'static str> {
        let (paid, asset) = (&self.paid, self.network.usdc());
        let response = &self.receipt.response;
        let call = paid.call.as_ref();
        let channel =
            call.map_or((B256::ZERO, Usdc::ZERO, Usdc::ZERO), |call| (call.id.0, call.base, call.charged));
        // A call from a channel has no transaction: one that the seller names beside it is the deposit's.
        let transaction = call.map_or_else(|| self.receipt.transaction(), |_| Some(B256::ZERO));
        let fields = [
            ("payment", stated.payment_id == paid.id),
            ("scheme", stated.scheme == paid.scheme),
            ("payer", stated.payer == paid.payer),
            ("payee", stated.pay_to == paid.payee),
            ("asset", stated.asset == asset.address),
            ("amount", stated.amount == paid.amount),
            ("request", stated.request_hash == self.receipt.request.parts().hash()),
            ("status", stated.status == response.status),
            ("body", stated.body_hash == response.body.sha256()),
            ("transaction", Some(stated.transaction) == transaction),
            ("channel", (stated.channel_id, stated.base, stated.charged) == channel),
        ];
        fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
    }

    fn signed_offer(&self, offers: &Offers) -> Check {
        let verified: Vec<_> = offers.0.iter().map(|offer| offer.artifact.verify()).collect();
        let paid = |(terms, _): &&(&OfferPayload, Address)| terms.matches(&self.receipt.offer.requirements);
        match verified.iter().flatten().find(paid) {
            Some((terms, signer)) => Check::of(SIGNED_OFFER, self.offered(terms, *signer)),
            None if verified.contains(&Err(ArtifactError::Jws)) => {
                Check::not_checked(SIGNED_OFFER, ArtifactError::Jws)
            }
            None => Check::failed(SIGNED_OFFER, "the seller signed other terms than these"),
        }
    }

    fn offered(&self, terms: &OfferPayload, signer: Address) -> Result<String, String> {
        let origin = self.origin(&terms.resource_url)?;
        self.may_sign(signer, &origin, self.receipt.signed_at.seconds())?;
        Ok(format!("{signer} signed these terms"))
    }

    fn standard_receipt(&self) -> Check {
        let Some(receipt) = &self.standard else {
            return Check::not_checked(STANDARD_RECEIPT, SIGNS_NOTHING);
        };
        match receipt.verify() {
            Ok((payload, signer)) => Check::of(STANDARD_RECEIPT, self.received(payload, signer)),
            Err(ArtifactError::Jws) => Check::not_checked(STANDARD_RECEIPT, ArtifactError::Jws),
            Err(error) => Check::failed(STANDARD_RECEIPT, error),
        }
    }

    fn received(&self, stated: &ReceiptPayload, signer: Address) -> Result<String, String> {
        self.may_sign(signer, &self.origin(&stated.resource_url)?, stated.issued_at)?;
        let transaction = self.receipt.transaction().map(|hash| hash.to_string());
        let fields = [
            ("network", stated.network == self.network.caip2()),
            ("payer", stated.payer.parse() == Ok(self.paid.payer)),
            (
                "transaction",
                stated.transaction.is_empty() || Some(&stated.transaction) == transaction.as_ref(),
            ),
        ];
        match fields.into_iter().find(|(_, same)| !same) {
            Some((field, _)) => Err(format!("the seller signed another {field}")),
            None => Ok(format!("{signer} signed that this payer was served")),
        }
    }

    /// The origin of a resource that the seller signed for, which is what was offered or what was asked.
    fn origin(&self, resource: &str) -> Result<String, String> {
        let request = &self.receipt.request;
        let offered = self.receipt.offer.resource.as_ref().and_then(|offered| offered.get("url")?.as_str());
        let asked = resource.strip_prefix(&*request.origin) == Some(&*request.target);
        if !asked && offered != Some(resource) {
            return Err(format!("the seller signed for another resource, {resource}"));
        }
        let url = Url::parse(resource).map_err(|error| format!("the resource {resource}: {error}"))?;
        Ok(url.origin().ascii_serialization())
    }
}
