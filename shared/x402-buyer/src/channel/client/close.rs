//! The end of a channel: what is left comes back.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use tokio::time::sleep;
use x402::{ChannelConfig, ChannelPayload, PAYMENT_SIGNATURE, RefundPayload, Voucher, encode_header};

use super::{
    ALLOWANCE, ATTEMPTS, ChannelClient, Closed, PAUSE,
    answer::{correction, is_passing, refused, settlement},
    payment,
};
use crate::{
    Kind, Offer, Request, Terms,
    channel::{ChannelError, ChannelRow, account::proven},
    client::{exchange::HttpAnswer, verdict},
};

impl ChannelClient {
    /// Asks the seller for what is left in a channel.
    ///
    /// # Errors
    /// [`ChannelError`]; then the channel is as it was, or the chain shows the refund.
    pub async fn close(&self, id: x402::ChannelId) -> Result<Closed, ChannelError> {
        let known = self.ledger.channel(id).await?.ok_or(ChannelError::NoSuchChannel(id))?;
        let (request, offered) = self.ask(&known).await?;
        let account = self.accounts.get(id);
        let mut turn = account.lock().await;
        let mut row = known;
        let mut last = String::new();
        for _ in 0..ATTEMPTS {
            let voucher = Voucher::sign(id, row.charged, self.policy.network, self.wallet.key());
            let answer = self.exchange_paid(&request, &offered, refund(row.config, voucher)).await?;
            let settlement = settlement(&answer);
            if let Some(settlement) = settlement.filter(|settlement| settlement.success) {
                let refunded = settlement.amount.unwrap_or_default();
                self.look(&mut row).await?;
                row.signed = row.charged;
                self.ledger.came_back(&row, Kind::Refund, refunded, settlement.transaction).await?;
                turn.row = Some(row.clone());
                return Ok(Closed { refunded, transaction: settlement.transaction, channel: row });
            }
            match correction(&answer) {
                Some(correction) => {
                    let (_, claimed) = self.chain.channel(id).await?;
                    let (signer, network) = (self.wallet.address(), self.policy.network);
                    row.charged = proven(&row, signer, network, &correction, claimed)
                        .map_err(|what| ChannelError::Dishonest { channel: id, what })?;
                }
                None if is_passing(&answer) => sleep(PAUSE).await,
                None => return Err(refused(id, &answer)),
            }
            last = verdict::reason(&answer).unwrap_or_default();
        }
        Err(ChannelError::Unresolved { channel: id, ceiling: row.charged, last })
    }

    /// What to ask by, and what it offers: a `GET`, as stock clients do, since there is no body to price; or the method that is
    /// sold, where the seller knows no other.
    async fn ask(&self, known: &ChannelRow) -> Result<(Request, Arc<Offer>), ChannelError> {
        let (sold, url) = known.target.split_once(' ').unwrap_or(("GET", &known.target));
        let mut refused = ChannelError::NoSuchChannel(known.id);
        for method in ["GET", sold] {
            let request =
                Method::from_bytes(method.as_bytes()).ok().and_then(|method| Request::new(method, url).ok());
            let Some(request) = request else { continue };
            match self.offer(&request, &Terms::default(), false).await {
                Ok(offered) => return Ok((request, offered)),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    async fn exchange_paid(
        &self,
        request: &Request,
        offered: &Offer,
        payload: ChannelPayload,
    ) -> Result<HttpAnswer, ChannelError> {
        let header = (PAYMENT_SIGNATURE, encode_header(&payment(offered, payload))?);
        let timeout = Duration::from_secs(offered.requirements.max_timeout_seconds.saturating_add(ALLOWANCE));
        self.exchange.send(request, Some(&header), timeout).await.map_err(ChannelError::Unreachable)
    }
}

/// Asks for everything.
const fn refund(channel_config: ChannelConfig, voucher: Voucher) -> ChannelPayload {
    ChannelPayload::Refund(RefundPayload {
        channel_config,
        voucher,
        amount: None,
        refund_nonce: None,
        claims: Vec::new(),
        refund_authorizer_signature: None,
        claim_authorizer_signature: None,
    })
}
