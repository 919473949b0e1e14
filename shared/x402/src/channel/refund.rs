use alloy_primitives::{B256, U256};
use alloy_sol_types::SolStruct;

use super::{ChannelId, config::domain, contract::typed};
use crate::{Network, Usdc};

/// The digest that the receiver's authorizer signs where somebody else sends the refund. `nonce` is the channel's current
/// `refundNonce`.
#[must_use]
pub fn channel_refund_digest(channel_id: ChannelId, nonce: u64, amount: Usdc, network: Network) -> B256 {
    let refund = typed::Refund {
        channelId: channel_id.0,
        nonce: U256::from(nonce),
        amount: u128::from(amount.atomic()),
    };
    refund.eip712_signing_hash(&domain(network))
}
