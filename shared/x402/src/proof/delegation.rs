use alloy_primitives::{Address, B256};
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};

use super::{
    DELIVERY_EXTENSION, ExtensionInfo, Signed, Statement, delivery::DELIVERY_DOMAIN, signed::domain,
};
use crate::{Network, SignatureError, UnixSeconds, serde_forms};

mod typed {
    alloy_sol_types::sol! {
        struct ReceiptKey {
            address key;
            string origin;
            uint64 notBefore;
            uint64 notAfter;
        }
    }
}

/// Which key signs receipts for a payee. The payee signs it once, so that its own key need not be where requests arrive.
///
/// EIP-712: domain name "x402 delivery", version "1", chainId of the payment; type
/// `ReceiptKey(address key,string origin,uint64 notBefore,uint64 notAfter)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptKey {
    /// The account that signs receipts.
    #[serde(with = "serde_forms::checksummed")]
    pub key: Address,
    /// The seller's public origin that it signs for: `https://api.example.com`.
    pub origin: String,
    /// The first second in which it may sign.
    pub not_before: UnixSeconds,
    /// The last second in which it may sign.
    pub not_after: UnixSeconds,
}

/// Why somebody may not sign for a payee.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelegationError {
    /// Somebody else than the payee named the key.
    #[error("the receipt key is named by {0}, not by the payee")]
    NotThePayee(Address),
    /// The payee names no key.
    #[error("signed by {signer}; the payee is {pay_to} and names no key")]
    NoKey {
        /// Who signed.
        signer: Address,
        /// The payee.
        pay_to: Address,
    },
    /// The payee names another key.
    #[error("signed by {signer}, not by the receipt key {key}")]
    OtherKey {
        /// Who signed.
        signer: Address,
        /// The key.
        key: Address,
    },
    /// The key is for another seller.
    #[error("the receipt key is for {0}")]
    OtherOrigin(String),
    /// The key was not valid then.
    #[error("the receipt key is valid from {not_before} to {not_after}, not at {at}")]
    NotThen {
        /// First second.
        not_before: UnixSeconds,
        /// Last second.
        not_after: UnixSeconds,
        /// When it would have to be valid.
        at: UnixSeconds,
    },
    /// The signature is none of an externally owned account; a payee that is a contract cannot name a key offline.
    #[error("the signature of the receipt key: {0}")]
    Signature(#[from] SignatureError),
}

impl Signed<ReceiptKey> {
    /// The key that signs for `pay_to` on `origin` at a time.
    ///
    /// # Errors
    /// [`DelegationError`] when this statement names none.
    pub fn key_for(
        &self,
        network: Network,
        pay_to: Address,
        origin: &str,
        at: UnixSeconds,
    ) -> Result<Address, DelegationError> {
        let signer = self.signer(network)?;
        if signer != pay_to {
            return Err(DelegationError::NotThePayee(signer));
        }
        let ReceiptKey { key, origin: named, not_before, not_after } = &self.payload;
        if named != origin {
            return Err(DelegationError::OtherOrigin(named.clone()));
        }
        if !(*not_before..=*not_after).contains(&at) {
            return Err(DelegationError::NotThen { not_before: *not_before, not_after: *not_after, at });
        }
        Ok(*key)
    }
}

/// Checks that `signer` signs for `pay_to` on `origin` at a time: it is the payee, or the key that the payee `named`.
///
/// # Errors
/// [`DelegationError`] when it is neither.
pub fn may_sign(
    signer: Address,
    named: Option<&Signed<ReceiptKey>>,
    network: Network,
    pay_to: Address,
    origin: &str,
    at: UnixSeconds,
) -> Result<(), DelegationError> {
    if signer == pay_to {
        return Ok(());
    }
    let named = named.ok_or(DelegationError::NoKey { signer, pay_to })?;
    match named.key_for(network, pay_to, origin, at)? {
        key if key == signer => Ok(()),
        key => Err(DelegationError::OtherKey { signer, key }),
    }
}

impl Statement for ReceiptKey {
    type Scope = Network;

    fn signing_hash(&self, network: Network) -> B256 {
        let message = typed::ReceiptKey {
            key: self.key,
            origin: self.origin.clone(),
            notBefore: self.not_before,
            notAfter: self.not_after,
        };
        message.eip712_signing_hash(&domain(DELIVERY_DOMAIN, network.chain_id()))
    }
}

impl ExtensionInfo for Signed<ReceiptKey> {
    const EXTENSION: &'static str = DELIVERY_EXTENSION;
    const MEMBER: &'static str = "receiptKey";
}
