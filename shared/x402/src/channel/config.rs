use std::fmt;

use alloy_primitives::{Address, B256, aliases::U40, keccak256};
use alloy_sol_types::{Eip712Domain, SolStruct, eip712_domain};
use serde::{Deserialize, Serialize};

use super::{ChannelTerms, SETTLEMENT_CONTRACT, contract::Settlement};
use crate::{ErrorReason, Network, PaymentKey, PaymentNonce, PaymentRequirements, Usdc, serde_forms};

/// What a channel is between whom. It never changes; whatever differs in one field is another channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelConfig {
    /// Whose money is deposited, and to whom it goes back.
    #[serde(with = "serde_forms::checksummed")]
    pub payer: Address,
    /// The key that signs vouchers. Zero: the payer itself, by key or by contract (ERC-1271).
    #[serde(with = "serde_forms::checksummed")]
    pub payer_authorizer: Address,
    /// Who is paid.
    #[serde(with = "serde_forms::checksummed")]
    pub receiver: Address,
    /// The key that may claim and refund besides the receiver.
    #[serde(with = "serde_forms::checksummed")]
    pub receiver_authorizer: Address,
    /// The token contract.
    #[serde(with = "serde_forms::checksummed")]
    pub token: Address,
    /// Seconds between a withdrawal's announcement and its execution; the contract takes 900 to 2,592,000.
    pub withdraw_delay: u32,
    /// Tells channels apart that are equal otherwise.
    pub salt: B256,
}

/// A channel's name on its chain: the EIP-712 digest of its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(pub B256);

impl ChannelId {
    /// A nonce that only the call at `base`, which is what was charged before it, has for a purpose:
    /// `keccak256(tag || channelId || u128be base)`.
    #[must_use]
    pub fn nonce(self, tag: &str, base: Usdc) -> B256 {
        let base = u128::from(base.atomic()).to_be_bytes();
        keccak256([tag.as_bytes(), self.0.as_slice(), &base].concat())
    }

    /// What names the call at `base` where the scheme `exact` has a payment: its nonce is that of `x402-channel/v1`.
    #[must_use]
    pub fn call(self, network: Network, payer: Address, base: Usdc) -> PaymentKey {
        let nonce = PaymentNonce(self.nonce("x402-channel/v1", base));
        let asset = network.usdc();
        PaymentKey { chain_id: asset.chain_id, asset: asset.address, payer, nonce }
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The domain of everything that is signed about channels.
pub(super) fn domain(network: Network) -> Eip712Domain {
    eip712_domain! {
        name: "x402 Batch Settlement",
        version: "1",
        chain_id: network.chain_id(),
        verifying_contract: SETTLEMENT_CONTRACT,
    }
}

impl ChannelConfig {
    /// A channel on the terms of an offer, whose vouchers the payer's own key signs. `None` where the offer is of another scheme.
    #[must_use]
    pub fn accepting(offer: &PaymentRequirements, payer: Address, salt: B256) -> Option<Self> {
        let ChannelTerms { receiver_authorizer, withdraw_delay } = offer.channel_terms()?;
        Some(Self {
            payer,
            payer_authorizer: payer,
            receiver: offer.pay_to,
            receiver_authorizer,
            token: offer.asset,
            withdraw_delay,
            salt,
        })
    }

    /// The channel's name on a network.
    #[must_use]
    pub fn id(&self, network: Network) -> ChannelId {
        ChannelId(Settlement::ChannelConfig::from(*self).eip712_signing_hash(&domain(network)))
    }

    /// Compares with the terms that a seller offers (specification, verification rules 2 to 5).
    ///
    /// # Errors
    /// The reason that names the field that differs.
    pub fn matches(&self, offer: &PaymentRequirements) -> Result<(), ErrorReason> {
        let terms = offer.channel_terms().ok_or(ErrorReason::INVALID_REQUIREMENTS)?;
        let unless = |holds: bool, reason| if holds { Ok(()) } else { Err(reason) };
        unless(self.token == offer.asset, ErrorReason::CHANNEL_TOKEN)?;
        unless(self.receiver == offer.pay_to, ErrorReason::CHANNEL_RECEIVER)?;
        unless(
            self.receiver_authorizer == terms.receiver_authorizer,
            ErrorReason::CHANNEL_RECEIVER_AUTHORIZER,
        )?;
        unless(self.withdraw_delay == terms.withdraw_delay, ErrorReason::CHANNEL_WITHDRAW_DELAY)
    }

    /// Whose signature a voucher must carry: the authorizer, or the payer where there is none.
    #[must_use]
    pub fn voucher_signer(&self) -> Address {
        if self.payer_authorizer.is_zero() { self.payer } else { self.payer_authorizer }
    }
}

impl From<ChannelConfig> for Settlement::ChannelConfig {
    fn from(config: ChannelConfig) -> Self {
        Self {
            payer: config.payer,
            payerAuthorizer: config.payer_authorizer,
            receiver: config.receiver,
            receiverAuthorizer: config.receiver_authorizer,
            token: config.token,
            withdrawDelay: U40::from(config.withdraw_delay),
            salt: config.salt,
        }
    }
}
