//! What paid for a purchase, whatever the scheme.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use x402::{
    Address, BATCH_SETTLEMENT, ChannelConfig, ChannelId, ChannelPayload, EXACT, Extensions, Network,
    PaymentId, PaymentRequirements, Usdc, Voucher,
};

use crate::{Payload, Verbatim};

/// The payment of a purchase, as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Paid {
    /// By an authorization for this purchase alone.
    Exact(Payload),
    /// From a channel.
    Channel(ChannelPaid),
}

/// A payment from a channel, as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelPaid {
    /// Always 2.
    pub x402_version: u8,
    /// What is paid for, as in the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Value>,
    /// The offer that is accepted.
    pub accepted: Verbatim<PaymentRequirements>,
    /// The voucher, with a deposit where the channel held too little.
    pub payload: ChannelPayload,
    /// The name that this buyer has for the purchase, where the seller honours names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Extensions>,
}

/// One call of a channel.
pub(crate) struct Call<'a> {
    pub(crate) config: &'a ChannelConfig,
    pub(crate) voucher: &'a Voucher,
    pub(crate) id: ChannelId,
    /// What was charged before.
    pub(crate) base: Usdc,
    /// What the seller charged for it.
    pub(crate) charged: Usdc,
}

/// What a payment comes to, for whoever compares it with what the seller says.
pub(crate) struct Facts<'a> {
    pub(crate) id: PaymentId,
    pub(crate) scheme: &'static str,
    pub(crate) payer: Address,
    pub(crate) payee: Address,
    pub(crate) amount: Usdc,
    /// The call, where it was paid from a channel.
    pub(crate) call: Option<Call<'a>>,
}

impl Paid {
    /// What it comes to, where the seller charged `charged` of a voucher. `None` where it is no payment for a call.
    pub(crate) fn facts(&self, network: Network, charged: Option<Usdc>) -> Option<Facts<'_>> {
        match self {
            Self::Exact(payload) => {
                let authorization = &payload.exact().authorization;
                Some(Facts {
                    id: authorization.key(&network.usdc()).id(),
                    scheme: EXACT,
                    payer: authorization.from,
                    payee: authorization.to,
                    amount: authorization.value,
                    call: None,
                })
            }
            Self::Channel(paid) => paid.facts(network, charged?),
        }
    }
}

impl ChannelPaid {
    fn facts(&self, network: Network, charged: Usdc) -> Option<Facts<'_>> {
        let (config, voucher) = self.payload.voucher()?;
        let base = voucher.max_claimable_amount.checked_sub(self.accepted.amount)?;
        let id = config.id(network);
        Some(Facts {
            id: id.call(network, config.payer, base).id(),
            scheme: BATCH_SETTLEMENT,
            payer: config.payer,
            payee: config.receiver,
            amount: charged,
            call: Some(Call { config, voucher, id, base, charged }),
        })
    }
}
