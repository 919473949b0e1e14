use std::borrow::Cow;

use alloy_primitives::{Address, B256, Bytes, ChainId, U256};
use alloy_sol_types::Eip712Domain;
use serde::{Deserialize, Serialize};

use crate::{SignatureError, SigningKey, recover};

/// Something that is signed as EIP-712 typed data, the JSON form being the message.
pub trait Statement {
    /// What decides the domain besides the kind of statement: the payment's network, or nothing.
    type Scope: Copy;

    /// The digest that is signed.
    fn signing_hash(&self, scope: Self::Scope) -> B256;
}

/// A statement and a signature of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<T> {
    /// What is stated.
    pub payload: T,
    /// EIP-712 signature: 65 bytes, r || s || v.
    pub signature: Bytes,
}

impl<T: Statement> Signed<T> {
    /// Signs a statement.
    #[must_use]
    pub fn sign(payload: T, scope: T::Scope, key: &SigningKey) -> Self {
        Self { signature: key.sign(payload.signing_hash(scope)), payload }
    }

    /// Who signed. Whether that account may make the statement is another question.
    ///
    /// A statement that was altered recovers to some other account, not to an error.
    ///
    /// # Errors
    /// [`SignatureError`] when the signature is none of an externally owned account.
    pub fn signer(&self, scope: T::Scope) -> Result<Address, SignatureError> {
        recover(self.payload.signing_hash(scope), &self.signature)
    }
}

/// A domain of version 1, without a contract: what is signed here is read by people and programs, never by a chain.
pub(super) fn domain(name: &'static str, chain_id: ChainId) -> Eip712Domain {
    let (name, version) = (Cow::Borrowed(name), Cow::Borrowed("1"));
    Eip712Domain::new(Some(name), Some(version), Some(U256::from(chain_id)), None, None)
}
