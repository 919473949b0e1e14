use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{BATCH_SETTLEMENT, ChannelId, ChannelPayload};
use crate::{
    ErrorReason, Extensions, Network, PaymentPayload, PaymentRequirements, UnixSeconds, Usdc, serde_forms,
};

/// What an offer says about the seller's side of a channel, in `extra`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelTerms {
    /// The key that may claim and refund.
    #[serde(with = "serde_forms::checksummed")]
    pub receiver_authorizer: Address,
    /// Seconds between a withdrawal's announcement and its execution.
    pub withdraw_delay: u32,
}

/// A channel as the seller sees it: the chain's part, and what was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelState {
    /// The channel.
    pub channel_id: ChannelId,
    /// Deposits less refunds and withdrawals.
    pub balance: Usdc,
    /// What was claimed on chain.
    pub total_claimed: Usdc,
    /// When a withdrawal was announced; 0 where none was.
    pub withdraw_requested_at: UnixSeconds,
    /// How many refunds were made.
    #[serde(with = "serde_forms::decimal_string")]
    pub refund_nonce: u64,
    /// What the seller charged in all. A facilitator does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_cumulative_amount: Option<Usdc>,
}

/// The proof that goes with a corrective 402: the last voucher that the payer's side signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoucherState {
    /// Its ceiling.
    pub signed_max_claimable: Usdc,
    /// Its signature.
    pub signature: Bytes,
}

/// What came of a payment from a channel: the scheme's form of [`crate::SettlementResponse`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelSettlement {
    /// Whether the call was charged, or the money moved.
    pub success: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_reason: Option<ErrorReason>,
    /// Who paid.
    #[serde(default, with = "serde_forms::checksummed_option", skip_serializing_if = "Option::is_none")]
    pub payer: Option<Address>,
    /// The transaction; `""` on the wire where nothing moved on chain.
    #[serde(default, with = "serde_forms::transaction")]
    pub transaction: Option<B256>,
    /// CAIP-2 name of the chain.
    pub network: String,
    /// What moved on chain: a deposit or a refund; `""` on the wire where nothing did.
    #[serde(default, with = "serde_forms::amount_or_empty")]
    pub amount: Option<Usdc>,
    /// Charge and channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<ChannelExtra>,
    /// Extension data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Extensions>,
}

/// `extra` of a [`ChannelSettlement`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelExtra {
    /// What this call cost; absent for a refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_amount: Option<Usdc>,
    /// The channel after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_state: Option<ChannelState>,
}

/// A facilitator's verdict on a payment from a channel: the scheme's form of [`crate::VerifyResponse`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelVerifyResponse {
    /// Whether it is good.
    pub is_valid: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid_reason: Option<ErrorReason>,
    /// Who pays.
    #[serde(default, with = "serde_forms::checksummed_option", skip_serializing_if = "Option::is_none")]
    pub payer: Option<Address>,
    /// The channel on chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<ChannelState>,
}

const STATE: &str = "channelState";
const VOUCHER: &str = "voucherState";

impl PaymentRequirements {
    /// An offer in the scheme `batch-settlement` for a network's USDC: `amount` is the most that one call costs.
    #[must_use]
    pub fn channel(
        network: Network,
        amount: Usdc,
        pay_to: Address,
        max_timeout_seconds: u64,
        terms: ChannelTerms,
    ) -> Self {
        let mut offer = Self::exact(network, amount, pay_to, max_timeout_seconds);
        BATCH_SETTLEMENT.clone_into(&mut offer.scheme);
        let extra = offer.extra.get_or_insert_default();
        extra.insert("receiverAuthorizer".to_owned(), terms.receiver_authorizer.to_checksum(None).into());
        extra.insert("withdrawDelay".to_owned(), terms.withdraw_delay.into());
        offer
    }

    /// The terms of a channel, where this is an offer of the scheme.
    #[must_use]
    pub fn channel_terms(&self) -> Option<ChannelTerms> {
        if self.scheme != BATCH_SETTLEMENT {
            return None;
        }
        ChannelTerms::deserialize(self.extra.as_ref()?).ok()
    }

    /// The offer with a channel's state, as a corrective 402 carries it.
    #[must_use]
    pub fn corrected(&self, state: &ChannelState, voucher: Option<&VoucherState>) -> Self {
        let mut offer = self.clone();
        let extra = offer.extra.get_or_insert_default();
        put(extra, STATE, state);
        if let Some(voucher) = voucher {
            put(extra, VOUCHER, voucher);
        }
        offer
    }

    /// The channel's state in a corrective 402, and the voucher that proves it.
    #[must_use]
    pub fn correction(&self) -> Option<(ChannelState, Option<VoucherState>)> {
        let extra = self.extra.as_ref()?;
        let state = ChannelState::deserialize(extra.get(STATE)?).ok()?;
        Some((state, extra.get(VOUCHER).and_then(|voucher| VoucherState::deserialize(voucher).ok())))
    }

    /// The offer without what a corrective 402 adds, which a client repeats when it answers one.
    #[must_use]
    pub fn uncorrected(mut self) -> Self {
        if let Some(extra) = &mut self.extra {
            extra.remove(STATE);
            extra.remove(VOUCHER);
        }
        self
    }
}

fn put(extra: &mut Map<String, Value>, name: &str, value: &impl Serialize) {
    // These types have no map keys or numbers that JSON cannot hold.
    extra.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
}

impl PaymentPayload {
    /// Reads the payload of the scheme `batch-settlement`.
    ///
    /// # Errors
    /// The JSON error, when the payload is of another shape.
    pub fn channel(&self) -> Result<ChannelPayload, serde_json::Error> {
        ChannelPayload::deserialize(&self.payload)
    }
}
