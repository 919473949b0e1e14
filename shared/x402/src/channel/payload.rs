use alloy_primitives::{Address, Bytes};
use serde::{Deserialize, Serialize};

use super::{ChannelConfig, ChannelId, Deposit, Voucher, VoucherClaim};
use crate::{Network, Usdc, serde_forms};

/// `payload` of a payment in the scheme `batch-settlement`. Buyers send the first three, sellers the rest to facilitators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ChannelPayload {
    /// Money into the channel, and a first voucher.
    Deposit(DepositPayload),
    /// A voucher for one more call.
    Voucher(VoucherPayload),
    /// What is left is asked back.
    Refund(RefundPayload),
    /// Vouchers are claimed.
    Claim(ClaimPayload),
    /// What was claimed is paid out.
    Settle(SettlePayload),
}

/// A call, paid from a channel that gets its money now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DepositPayload {
    /// The channel.
    pub channel_config: ChannelConfig,
    /// The voucher for the call.
    pub voucher: Voucher,
    /// The money.
    pub deposit: Deposit,
}

/// A call, paid from a channel that has money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoucherPayload {
    /// The channel.
    pub channel_config: ChannelConfig,
    /// The voucher for the call.
    pub voucher: Voucher,
}

/// A cooperative refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundPayload {
    /// The channel.
    pub channel_config: ChannelConfig,
    /// A voucher over exactly what was charged: who asks is the payer's side.
    pub voucher: Voucher,
    /// How much; everything where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Usdc>,
    /// The channel's `refundNonce`; the seller adds it, and what follows, for a facilitator.
    #[serde(default, with = "serde_forms::decimal_string_option", skip_serializing_if = "Option::is_none")]
    pub refund_nonce: Option<u64>,
    /// What is claimed in the same transaction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<VoucherClaim>,
    /// The authorizer's signature of the refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_authorizer_signature: Option<Bytes>,
    /// The authorizer's signature of the claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_authorizer_signature: Option<Bytes>,
}

/// Vouchers of any number of channels with one authorizer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimPayload {
    /// The rows.
    pub claims: Vec<VoucherClaim>,
    /// The authorizer's signature of the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_authorizer_signature: Option<Bytes>,
}

/// Pays a receiver what was claimed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlePayload {
    /// Who is paid.
    #[serde(with = "serde_forms::checksummed")]
    pub receiver: Address,
    /// In which token.
    #[serde(with = "serde_forms::checksummed")]
    pub token: Address,
}

impl ChannelPayload {
    /// Channel and voucher of what a buyer sends.
    #[must_use]
    pub const fn voucher(&self) -> Option<(&ChannelConfig, &Voucher)> {
        match self {
            Self::Deposit(deposit) => Some((&deposit.channel_config, &deposit.voucher)),
            Self::Voucher(voucher) => Some((&voucher.channel_config, &voucher.voucher)),
            Self::Refund(refund) => Some((&refund.channel_config, &refund.voucher)),
            Self::Claim(_) | Self::Settle(_) => None,
        }
    }

    /// The channel that a buyer's payload is about, if its name is that of its configuration.
    #[must_use]
    pub fn channel_id(&self, network: Network) -> Option<ChannelId> {
        let (config, voucher) = self.voucher()?;
        Some(config.id(network)).filter(|id| *id == voucher.channel_id)
    }
}
