use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Artifact, ExtensionInfo, OFFER_RECEIPT_EXTENSION, PayloadVersion, Signed, StandardPayload, Statement,
    signed::domain,
    standard::{CHAIN_ID, is_evm_network},
};
use crate::{Network, SigningKey, UnixSeconds};

mod typed {
    alloy_sol_types::sol! {
        struct Receipt {
            uint256 version;
            string network;
            string resourceUrl;
            string payer;
            uint256 issuedAt;
            string transaction;
        }
    }
}

/// That a payer paid for a resource and got it. Texts are kept as they were written: the signature is over them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptPayload {
    /// Always 1.
    pub version: PayloadVersion,
    /// CAIP-2 name of the chain.
    pub network: String,
    /// What was sold.
    pub resource_url: String,
    /// Who paid.
    pub payer: String,
    /// When this was signed.
    pub issued_at: UnixSeconds,
    /// The transaction; empty where the seller does not show it.
    #[serde(default)]
    pub transaction: String,
}

/// A signed receipt: `extensions["offer-receipt"].info.receipt` of a [`crate::SettlementResponse`].
pub type SignedReceipt = Artifact<ReceiptPayload>;

impl ReceiptPayload {
    /// A receipt; without the transaction it is harder to find on the chain, for whoever sees it.
    #[must_use]
    pub fn new(
        resource_url: &str,
        network: Network,
        payer: Address,
        transaction: Option<B256>,
        issued_at: UnixSeconds,
    ) -> Self {
        Self {
            version: PayloadVersion::V1,
            network: network.caip2().to_owned(),
            resource_url: resource_url.to_owned(),
            payer: payer.to_string(),
            issued_at,
            transaction: transaction.map(|hash| hash.to_string()).unwrap_or_default(),
        }
    }

    /// Signs the receipt.
    #[must_use]
    pub fn sign(self, key: &SigningKey) -> SignedReceipt {
        Artifact::Eip712(Signed::sign(self, (), key))
    }
}

impl Statement for ReceiptPayload {
    type Scope = ();

    fn signing_hash(&self, (): ()) -> B256 {
        let message = typed::Receipt {
            version: U256::from(u64::from(self.version)),
            network: self.network.clone(),
            resourceUrl: self.resource_url.clone(),
            payer: self.payer.clone(),
            issuedAt: U256::from(self.issued_at),
            transaction: self.transaction.clone(),
        };
        message.eip712_signing_hash(&domain("x402 receipt", CHAIN_ID))
    }
}

impl StandardPayload for ReceiptPayload {
    fn is_evm(&self) -> bool {
        is_evm_network(&self.network)
    }
}

impl ExtensionInfo for SignedReceipt {
    const EXTENSION: &'static str = OFFER_RECEIPT_EXTENSION;
    const MEMBER: &'static str = "receipt";

    fn schema() -> Value {
        let text = json!({ "type": "string" });
        let integer = json!({ "type": "integer" });
        let payload = json!({
            "type": "object",
            "properties": {
                "version": integer, "network": text, "resourceUrl": text, "payer": text, "issuedAt": integer,
                "transaction": text,
            },
            "required": ["version", "network", "resourceUrl", "payer", "issuedAt"],
        });
        let receipt = json!({
            "type": "object",
            "properties": {
                "format": { "type": "string", "const": "eip712" }, "payload": payload, "signature": text,
            },
            "required": ["format", "payload", "signature"],
        });
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": { "receipt": receipt },
            "required": ["receipt"],
        })
    }
}
