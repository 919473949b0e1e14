use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};

use crate::{
    Asset, PaymentKey, PaymentNonce, SignatureError, SigningKey, Token, UnixSeconds, Usdc,
    contracts::eip3009, recover, serde_forms,
};

/// The scheme's name on the wire.
pub const EXACT: &str = "exact";

/// `payload` of a payment in the scheme `exact` on an EVM chain with EIP-3009 (`specs/schemes/exact/scheme_exact_evm.md`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExactPayload {
    /// EIP-712 signature of the authorization: 65 bytes of an externally owned account, any length of a contract.
    pub signature: Bytes,
    /// What the payer authorizes.
    pub authorization: Authorization,
}

/// An EIP-3009 `TransferWithAuthorization`: whoever holds it signed may make the transfer, once, inside the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// The payer.
    #[serde(with = "serde_forms::checksummed")]
    pub from: Address,
    /// The payee.
    #[serde(with = "serde_forms::checksummed")]
    pub to: Address,
    /// How much moves.
    pub value: Usdc,
    /// The transfer is valid strictly after this time.
    #[serde(with = "serde_forms::decimal_string")]
    pub valid_after: UnixSeconds,
    /// The transfer is valid strictly before this time.
    #[serde(with = "serde_forms::decimal_string")]
    pub valid_before: UnixSeconds,
    /// Unique per payer; the token refuses a second use.
    pub nonce: PaymentNonce,
}

impl Authorization {
    /// The EIP-712 digest that the payer signs in the token's domain.
    #[must_use]
    pub fn signing_hash(&self, asset: &Asset) -> B256 {
        let message = eip3009::TransferWithAuthorization {
            from: self.from,
            to: self.to,
            value: U256::from(self.value.atomic()),
            validAfter: U256::from(self.valid_after),
            validBefore: U256::from(self.valid_before),
            nonce: self.nonce.0,
        };
        asset.digest(message.eip712_hash_struct())
    }

    /// Signs with the payer's key.
    #[must_use]
    pub fn sign(self, asset: &Asset, key: &SigningKey) -> ExactPayload {
        ExactPayload { signature: key.sign(self.signing_hash(asset)), authorization: self }
    }

    /// The name that the token itself gives this payment.
    #[must_use]
    pub const fn key(&self, asset: &Asset) -> PaymentKey {
        PaymentKey { chain_id: asset.chain_id, asset: asset.address, payer: self.from, nonce: self.nonce }
    }
}

impl ExactPayload {
    /// The account whose key made the signature. It equals `authorization.from` in a valid payment of an externally
    /// owned account; a contract's signature (ERC-1271) recovers to nobody here and is the chain's to judge.
    ///
    /// # Errors
    /// [`SignatureError`] when the token would refuse the signature of an externally owned account.
    pub fn recover(&self, asset: &Asset) -> Result<Address, SignatureError> {
        recover(self.authorization.signing_hash(asset), &self.signature)
    }

    /// The call of the token that moves the money. Anybody may send it.
    #[must_use]
    pub fn transfer_call(&self) -> Token::transferWithAuthorizationCall {
        let Authorization { from, to, value, valid_after, valid_before, nonce } = self.authorization;
        Token::transferWithAuthorizationCall {
            from,
            to,
            value: U256::from(value.atomic()),
            validAfter: U256::from(valid_after),
            validBefore: U256::from(valid_before),
            nonce: nonce.0,
            signature: self.signature.clone(),
        }
    }
}
