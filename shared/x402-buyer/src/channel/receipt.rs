//! What a buyer keeps of a call that was paid from a channel.

use x402::{ChannelSettlement, SettlementResponse};

use super::ChannelAnswer;
use crate::{
    Body, Paid, Receipt, Request, UnixMillis,
    paid::ChannelPaid,
    receipt::{Format, RequestRecord, ResponseRecord, drawn},
};

/// What a receipt is made from, kept with the answer.
#[derive(Clone, Debug)]
pub(super) struct Sale {
    pub(super) offer: std::sync::Arc<crate::Offer>,
    pub(super) payment: ChannelPaid,
    pub(super) settlement: ChannelSettlement,
    pub(super) signed_at: UnixMillis,
}

impl ChannelAnswer {
    /// The receipt of this answer to `request`, which anybody can check with [`verify`](crate::verify()).
    #[must_use]
    pub fn receipt(&self, request: &Request) -> Receipt {
        let Sale { offer, payment, settlement, signed_at } = &self.sale;
        let network = self.channel.network;
        let response = ResponseRecord::new(self.status, &self.headers, Body(self.body.clone()));
        let base = self.channel.id.call(network, self.channel.config.payer, self.base);
        Receipt {
            version: Format::V1,
            payment_id: base.id(),
            network: network.caip2().to_owned(),
            signed_at: *signed_at,
            request: RequestRecord::new(request),
            offer: (**offer).clone(),
            payment: Paid::Channel(payment.clone()),
            settlement: Some(SettlementResponse {
                success: settlement.success,
                error_reason: settlement.error_reason.clone(),
                payer: settlement.payer,
                transaction: settlement.transaction,
                network: settlement.network.clone(),
                amount: settlement.amount,
                extensions: settlement.extensions.clone(),
            }),
            charged: Some(self.charged),
            draw: drawn(offer, &response),
            response,
        }
    }
}
