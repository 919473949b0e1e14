use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Artifact, ExtensionInfo, OFFER_RECEIPT_EXTENSION, PayloadVersion, Signed, StandardPayload, Statement,
    signed::domain,
    standard::{CHAIN_ID, is_evm_network},
};
use crate::{PaymentRequirements, SigningKey, UnixSeconds};

mod typed {
    alloy_sol_types::sol! {
        struct Offer {
            uint256 version;
            string resourceUrl;
            string scheme;
            string network;
            string asset;
            string payTo;
            string amount;
            uint256 validUntil;
        }
    }
}

/// The terms of one entry of `accepts`, to be signed. Texts are kept as they were written: the signature is over them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfferPayload {
    /// Always 1.
    pub version: PayloadVersion,
    /// What is sold.
    pub resource_url: String,
    /// `exact` or another scheme.
    pub scheme: String,
    /// CAIP-2 name of the chain.
    pub network: String,
    /// The token contract.
    pub asset: String,
    /// Who is paid.
    pub pay_to: String,
    /// The price, in atomic units.
    pub amount: String,
    /// The last second in which the terms hold; 0 for no end.
    #[serde(default)]
    pub valid_until: UnixSeconds,
}

/// A signed offer, and the place in `accepts` that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedOffer {
    /// Terms and signature.
    #[serde(flatten)]
    pub artifact: Artifact<OfferPayload>,
    /// A hint, not signed: [`OfferPayload::matches`] decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_index: Option<usize>,
}

/// The signed offers of one 402 answer: `extensions["offer-receipt"].info.offers`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Offers(pub Vec<SignedOffer>);

impl OfferPayload {
    /// The terms of an entry of `accepts`.
    #[must_use]
    pub fn new(
        resource_url: &str,
        requirements: &PaymentRequirements,
        valid_until: Option<UnixSeconds>,
    ) -> Self {
        Self {
            version: PayloadVersion::V1,
            resource_url: resource_url.to_owned(),
            scheme: requirements.scheme.clone(),
            network: requirements.network.clone(),
            asset: requirements.asset.to_string(),
            pay_to: requirements.pay_to.to_string(),
            amount: requirements.amount.atomic().to_string(),
            valid_until: valid_until.unwrap_or_default(),
        }
    }

    /// Whether these are the terms of that entry of `accepts`. Letter case of addresses does not matter.
    #[must_use]
    pub fn matches(&self, requirements: &PaymentRequirements) -> bool {
        self.scheme == requirements.scheme
            && self.network == requirements.network
            && self.asset.parse() == Ok(requirements.asset)
            && self.pay_to.parse() == Ok(requirements.pay_to)
            && self.amount == requirements.amount.atomic().to_string()
    }

    /// Whether the terms had run out by then.
    #[must_use]
    pub const fn is_expired(&self, at: UnixSeconds) -> bool {
        self.valid_until != 0 && at > self.valid_until
    }

    /// Signs the terms of `accepts[accept_index]`.
    #[must_use]
    pub fn sign(self, accept_index: usize, key: &SigningKey) -> SignedOffer {
        let artifact = Artifact::Eip712(Signed::sign(self, (), key));
        SignedOffer { artifact, accept_index: Some(accept_index) }
    }
}

impl Statement for OfferPayload {
    type Scope = ();

    fn signing_hash(&self, (): ()) -> B256 {
        let message = typed::Offer {
            version: U256::from(u64::from(self.version)),
            resourceUrl: self.resource_url.clone(),
            scheme: self.scheme.clone(),
            network: self.network.clone(),
            asset: self.asset.clone(),
            payTo: self.pay_to.clone(),
            amount: self.amount.clone(),
            validUntil: U256::from(self.valid_until),
        };
        message.eip712_signing_hash(&domain("x402 offer", CHAIN_ID))
    }
}

impl StandardPayload for OfferPayload {
    fn is_evm(&self) -> bool {
        is_evm_network(&self.network) && self.pay_to.parse::<Address>().is_ok()
    }
}

impl ExtensionInfo for Offers {
    const EXTENSION: &'static str = OFFER_RECEIPT_EXTENSION;
    const MEMBER: &'static str = "offers";

    fn schema() -> Value {
        let text = json!({ "type": "string" });
        let integer = json!({ "type": "integer" });
        let payload = json!({
            "type": "object",
            "properties": {
                "version": integer, "resourceUrl": text, "scheme": text, "network": text, "asset": text, "payTo": text,
                "amount": text, "validUntil": integer,
            },
            "required": ["version", "resourceUrl", "scheme", "network", "asset", "payTo", "amount"],
        });
        let offer = json!({
            "type": "object",
            "properties": {
                "format": { "type": "string", "const": "eip712" }, "acceptIndex": integer, "payload": payload,
                "signature": text,
            },
            "required": ["format", "payload", "signature"],
        });
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": { "offers": { "type": "array", "items": offer } },
            "required": ["offers"],
        })
    }
}
