//! What a seller's answer makes of a channel.

use std::sync::Arc;

use x402::{ChannelConfig, ChannelSettlement, ErrorReason};

use super::{
    ChannelAnswer, ChannelClient, Next, Sent,
    answer::{correction, refused, settlement},
};
use crate::{
    Offer, Request,
    channel::{
        ChannelError,
        account::{Seat, Turn, proven},
        receipt::Sale,
    },
    client::{exchange::HttpAnswer, verdict},
};

impl ChannelClient {
    pub(super) async fn judge(
        &self,
        seat: Seat<'_>,
        request: &Request,
        offered: &Arc<Offer>,
        config: ChannelConfig,
        sent: Sent,
        answer: HttpAnswer,
    ) -> Result<Next, ChannelError> {
        let id = config.id(self.policy.network);
        if let Some(settlement) = settlement(&answer).filter(|_| answer.status.is_success()) {
            let turn = seat.take().await;
            return self.charged(turn, request, offered, sent, answer, settlement).await.map(Next::Done);
        }
        if let Some(correction) = correction(&answer) {
            let (balance, claimed) = self.chain.channel(id).await?;
            let mut account = seat.take().await;
            account.predictable = false;
            let row = account.row.get_or_insert(self.find(request, config).await?);
            row.balance = balance;
            let (signer, network) = (self.wallet.address(), self.policy.network);
            match proven(row, signer, network, &correction, claimed) {
                Ok(charged) => account.correct(&self.ledger, charged, sent.generation).await?,
                Err(what) => {
                    row.suspect = true;
                    self.ledger.keep_channel(row).await?;
                    return Err(ChannelError::Dishonest { channel: id, what });
                }
            }
            return Ok(Next::Sign("the channel was corrected".to_owned()));
        }
        let reason = verdict::reason(&answer).unwrap_or_default();
        let mut account = seat.take().await;
        if reason == ErrorReason::CHANNEL_CUMULATIVE_EXCEEDS_BALANCE.as_str()
            || reason == ErrorReason::CHANNEL_NOT_FOUND.as_str()
        {
            // The chain says what there is; the next attempt deposits what is missing.
            account.row = None;
            return Ok(Next::Sign(reason));
        }
        // Nothing was charged: whoever signs next starts from where this call did.
        let charged = account.row.as_ref().map(|row| row.charged).unwrap_or_default();
        account.correct(&self.ledger, charged, sent.generation).await?;
        drop(account);
        if reason == ErrorReason::INVALID_REQUIREMENTS.as_str() {
            return Ok(Next::Ask);
        }
        Err(refused(id, &answer))
    }

    /// Checks the seller's sum, as the specification asks of clients.
    async fn charged(
        &self,
        mut account: Turn<'_>,
        request: &Request,
        offered: &Arc<Offer>,
        sent: Sent,
        answer: HttpAnswer,
        settlement: ChannelSettlement,
    ) -> Result<Box<ChannelAnswer>, ChannelError> {
        let account = &mut *account;
        let Some(row) = &mut account.row else {
            return Err(ChannelError::NotForSale(answer.status));
        };
        let extra =
            settlement.extra.unwrap_or(x402::ChannelExtra { charged_amount: None, channel_state: None });
        let charged = extra.charged_amount.unwrap_or_default();
        let state = extra.channel_state;
        let after = state.and_then(|state| state.charged_cumulative_amount);
        let adds_up = charged <= offered.requirements.amount
            && after == sent.base.checked_add(charged)
            && state.is_some_and(|state| state.channel_id == row.id);
        if !adds_up {
            row.suspect = true;
            self.ledger.keep_channel(row).await?;
            let what = "the seller's sum is not what was charged before and this call";
            return Err(ChannelError::Dishonest { channel: row.id, what });
        }
        let after = after.unwrap_or_default();
        row.charged = row.charged.max(after);
        if row.signed == sent.ceiling {
            row.signed = after;
        }
        if let (Some(_), Some(state)) = (sent.deposit, state) {
            row.balance = state.balance;
        }
        let deposit = sent.deposit.map(|deposit| (deposit.salt, settlement.transaction));
        let answer = Box::new(ChannelAnswer {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            charged,
            deposited: sent.deposit.map(|deposit| deposit.amount),
            transaction: settlement.transaction,
            base: sent.base,
            channel: row.clone(),
            sale: Sale {
                offer: offered.clone(),
                payment: sent.payment,
                settlement,
                signed_at: sent.signed_at,
            },
        });
        let receipt = self.keeps_receipts.then(|| answer.receipt(request));
        account.predictable = charged == offered.requirements.amount;
        self.ledger.keep_call(row, deposit, receipt.as_ref()).await?;
        Ok(answer)
    }
}
