use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};

use super::{
    ChannelConfig, ChannelId,
    config::domain,
    contract::{Settlement, typed},
};
use crate::{Network, SignatureError, SigningKey, Usdc, recover};

/// The payer's promise: up to this much of the channel, in all calls together, may be claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Voucher {
    /// The channel.
    pub channel_id: ChannelId,
    /// The cumulative ceiling. A later voucher contains every earlier one.
    pub max_claimable_amount: Usdc,
    /// The payer side's signature: 65 bytes of a key, any length of a contract.
    pub signature: Bytes,
}

impl Voucher {
    /// Signs a voucher with the payer side's key.
    #[must_use]
    pub fn sign(channel_id: ChannelId, ceiling: Usdc, network: Network, key: &SigningKey) -> Self {
        let signature = key.sign(digest(channel_id, ceiling, network));
        Self { channel_id, max_claimable_amount: ceiling, signature }
    }

    /// The EIP-712 digest that is signed.
    #[must_use]
    pub fn digest(&self, network: Network) -> B256 {
        digest(self.channel_id, self.max_claimable_amount, network)
    }

    /// The account whose key signed. As strict as the contract, which would refuse the claim: 65 bytes, v 27 or 28, low s.
    ///
    /// # Errors
    /// [`SignatureError`] when the contract would refuse the signature of a key.
    pub fn recover(&self, network: Network) -> Result<Address, SignatureError> {
        recover(self.digest(network), &self.signature)
    }
}

fn digest(channel_id: ChannelId, ceiling: Usdc, network: Network) -> B256 {
    let voucher =
        typed::Voucher { channelId: channel_id.0, maxClaimableAmount: u128::from(ceiling.atomic()) };
    voucher.eip712_signing_hash(&domain(network))
}

/// One row of a claim: a voucher, and how much of it is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoucherClaim {
    /// The voucher without its signature.
    pub voucher: ClaimedVoucher,
    /// The payer side's signature.
    pub signature: Bytes,
    /// What is taken from the channel in all, with earlier claims: at most the voucher's ceiling.
    pub total_claimed: Usdc,
}

/// The voucher of a claim, which spells the channel out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimedVoucher {
    /// The channel.
    pub channel: ChannelConfig,
    /// The cumulative ceiling.
    pub max_claimable_amount: Usdc,
}

impl VoucherClaim {
    /// The row that takes `total` from a voucher's channel.
    #[must_use]
    pub fn new(channel: ChannelConfig, voucher: Voucher, total: Usdc) -> Self {
        let claimed = ClaimedVoucher { channel, max_claimable_amount: voucher.max_claimable_amount };
        Self { voucher: claimed, signature: voucher.signature, total_claimed: total }
    }

    /// The digest of a batch of rows, which the receiver's authorizer signs where somebody else sends the claim.
    #[must_use]
    pub fn batch_digest(rows: &[Self], network: Network) -> B256 {
        let entries = rows.iter().map(|row| typed::ClaimEntry {
            channelId: row.voucher.channel.id(network).0,
            maxClaimableAmount: row.voucher.max_claimable_amount.atomic().into(),
            totalClaimed: row.total_claimed.atomic().into(),
        });
        typed::ClaimBatch { claims: entries.collect() }.eip712_signing_hash(&domain(network))
    }
}

impl From<VoucherClaim> for Settlement::VoucherClaim {
    fn from(row: VoucherClaim) -> Self {
        Self {
            voucher: Settlement::Voucher {
                channel: row.voucher.channel.into(),
                maxClaimableAmount: row.voucher.max_claimable_amount.atomic().into(),
            },
            signature: row.signature,
            totalClaimed: row.total_claimed.atomic().into(),
        }
    }
}
