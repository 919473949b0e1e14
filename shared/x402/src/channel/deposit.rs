use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolStruct, SolValue};
use serde::{Deserialize, Serialize};

use super::{
    ChannelConfig, ChannelId, DEPOSIT_COLLECTOR,
    contract::{Settlement, typed},
};
use crate::{
    Asset, Network, PaymentKey, PaymentNonce, SignatureError, SigningKey, UnixSeconds, Usdc, recover,
    serde_forms,
};

/// Money to put into a channel, and the token's permission to take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// How much.
    pub amount: Usdc,
    /// The permission.
    pub authorization: DepositAuthorization,
}

/// The permission to take a deposit, in one of two forms. Permit2 is not read: USDC has EIP-3009.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositAuthorization {
    /// The form of tokens with EIP-3009.
    #[serde(rename = "erc3009Authorization", default, skip_serializing_if = "Option::is_none")]
    pub erc3009: Option<Erc3009Authorization>,
}

/// An EIP-3009 `ReceiveWithAuthorization` to the collector, whose nonce names the channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erc3009Authorization {
    /// The deposit is valid strictly after this time.
    #[serde(with = "serde_forms::decimal_string")]
    pub valid_after: UnixSeconds,
    /// The deposit is valid strictly before this time.
    #[serde(with = "serde_forms::decimal_string")]
    pub valid_before: UnixSeconds,
    /// Tells deposits into one channel apart.
    pub salt: B256,
    /// The payer's signature in the token's domain.
    pub signature: Bytes,
}

impl Deposit {
    /// Signs a deposit with the payer's key. `window` is (valid after, valid before).
    #[must_use]
    pub fn sign(
        channel: &ChannelConfig,
        amount: Usdc,
        window: (UnixSeconds, UnixSeconds),
        salt: B256,
        network: Network,
        key: &SigningKey,
    ) -> Self {
        let (valid_after, valid_before) = window;
        let unsigned = Erc3009Authorization { valid_after, valid_before, salt, signature: Bytes::new() };
        let digest = unsigned.digest(channel, amount, network);
        let erc3009 = Some(Erc3009Authorization { signature: key.sign(digest), ..unsigned });
        Self { amount, authorization: DepositAuthorization { erc3009 } }
    }
}

impl Erc3009Authorization {
    /// The nonce in the token: `keccak256(channelId || salt)`.
    #[must_use]
    pub fn nonce(&self, channel: ChannelId) -> PaymentNonce {
        PaymentNonce(keccak256([channel.0, self.salt].concat()))
    }

    /// The name that the token gives this deposit.
    #[must_use]
    pub fn key(&self, channel: &ChannelConfig, network: Network) -> PaymentKey {
        let Asset { chain_id, address: asset, .. } = network.usdc();
        PaymentKey { chain_id, asset, payer: channel.payer, nonce: self.nonce(channel.id(network)) }
    }

    /// The EIP-712 digest that the payer signs in the token's domain.
    #[must_use]
    pub fn digest(&self, channel: &ChannelConfig, amount: Usdc, network: Network) -> B256 {
        let message = typed::ReceiveWithAuthorization {
            from: channel.payer,
            to: DEPOSIT_COLLECTOR,
            value: U256::from(amount.atomic()),
            validAfter: U256::from(self.valid_after),
            validBefore: U256::from(self.valid_before),
            nonce: self.nonce(channel.id(network)).0,
        };
        network.usdc().digest(message.eip712_hash_struct())
    }

    /// The account whose key signed the deposit.
    ///
    /// # Errors
    /// [`SignatureError`] when the token would refuse the signature of a key.
    pub fn recover(
        &self,
        channel: &ChannelConfig,
        amount: Usdc,
        network: Network,
    ) -> Result<Address, SignatureError> {
        recover(self.digest(channel, amount, network), &self.signature)
    }

    /// The call that makes the deposit. Anybody may send it.
    #[must_use]
    pub fn call(&self, channel: &ChannelConfig, amount: Usdc) -> Bytes {
        let number = U256::from::<u64>;
        let data = (number(self.valid_after), number(self.valid_before), self.salt, self.signature.clone());
        let call = Settlement::depositCall {
            config: (*channel).into(),
            amount: amount.atomic().into(),
            collector: DEPOSIT_COLLECTOR,
            collectorData: data.abi_encode_params().into(),
        };
        call.abi_encode().into()
    }
}
