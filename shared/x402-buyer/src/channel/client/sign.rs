//! The next voucher of a channel, and what goes with it.

use alloy::primitives::keccak256;
use serde_json::json;
use x402::{
    ChannelConfig, ChannelId, ChannelPayload, Deposit, DepositPayload, Extensions, PAYMENT_IDENTIFIER,
    PaymentIdentifier, Usdc, Voucher, VoucherPayload, encode_header,
};

use super::{BEGUN, ChannelClient, Deposited, Sent, payment, target};
use crate::{
    ChannelPaid, Offer, Request, Spend, Terms, UnixMillis,
    budget::{Limit, Scope},
    channel::{ChannelError, ChannelRow, account::Turn},
};

impl ChannelClient {
    /// Signs the next voucher of a channel, with a deposit where it holds too little. On disk when this returns.
    pub(super) async fn sign(
        &self,
        turn: &mut Turn<'_>,
        request: &Request,
        offered: &Offer,
        config: ChannelConfig,
        terms: &Terms,
        deposit: Usdc,
    ) -> Result<Sent, ChannelError> {
        let network = self.policy.network;
        let id = config.id(network);
        let mut row = match turn.row.clone() {
            Some(row) => row,
            None => self.find(request, config).await?,
        };
        if row.suspect {
            return Err(ChannelError::Dishonest {
                channel: id,
                what: "its seller's books were wrong before",
            });
        }
        if row.withdrawal.is_some() {
            return Err(ChannelError::Withdrawing(id));
        }
        row.target = target(request);
        let (base, price) = (row.signed, offered.requirements.amount);
        let ceiling = base.checked_add(price).unwrap_or(base);
        row.signed = ceiling;
        let voucher = Voucher::sign(id, ceiling, network, self.wallet.key());
        let missing = ceiling.checked_sub(row.balance).unwrap_or_default();
        let limits = self.policy.budgets.limits(terms.budget.as_deref())?;
        per_call(&limits, price)?;
        let (deposit, payload) = if missing == Usdc::ZERO {
            self.ledger.keep_channel(&row).await?;
            (None, ChannelPayload::Voucher(VoucherPayload { channel_config: config, voucher }))
        } else {
            let spend = Spend {
                network,
                host: request.host().to_owned(),
                payee: config.receiver,
                price: deposit.max(missing),
                budget: terms.budget.clone(),
            };
            let window = offered.requirements.max_timeout_seconds;
            let (deposit, payload) = self.sign_deposit(&row, voucher, spend, &limits, window).await?;
            (Some(deposit), payload)
        };
        turn.row = Some(row);
        let payment =
            ChannelPaid { extensions: self.name(id, ceiling, request, offered), ..payment(offered, payload) };
        let (header, signed_at) = (encode_header(&payment)?, UnixMillis::now());
        Ok(Sent { ceiling, base, generation: turn.generation, deposit, payment, header, signed_at })
    }

    /// Signs a deposit to go with a voucher, valid for so many seconds, if the budgets allow it. On disk when this returns.
    async fn sign_deposit(
        &self,
        row: &ChannelRow,
        voucher: Voucher,
        spend: Spend,
        limits: &[Limit],
        seconds: u64,
    ) -> Result<(Deposited, ChannelPayload), ChannelError> {
        let amount = spend.price;
        let reservation = self.ledger.reserve(spend, limits).await?;
        let now = reservation.now().seconds();
        let window = (now.saturating_sub(BEGUN), now + seconds);
        let salt = crate::payment::random()?;
        let deposit = Deposit::sign(&row.config, amount, window, salt, row.network, self.wallet.key());
        let channel_config = row.config;
        let payload = ChannelPayload::Deposit(DepositPayload { channel_config, voucher, deposit });
        reservation.commit_deposit(row, &salt.to_string(), &json!(payload)).await?;
        Ok((Deposited { salt, amount }, payload))
    }

    /// The name of a purchase: its voucher stands on the chain once it is claimed, and the seller has the answer for whoever knows
    /// the name. Only this wallet can tell it, and tells the same one after a crash.
    fn name(&self, id: ChannelId, ceiling: Usdc, request: &Request, offered: &Offer) -> Option<Extensions> {
        let extension = offered.extensions.as_ref()?.get_key_value(PAYMENT_IDENTIFIER)?;
        let mut extensions = Extensions::from_iter([(extension.0.clone(), extension.1.clone())]);
        let tag: &[u8] = b"x402-buyer/channel-call/v1";
        let call =
            [tag, id.0.as_slice(), &ceiling.atomic().to_be_bytes(), request.hash().0.as_slice()].concat();
        let secret = keccak256(self.wallet.key().sign(keccak256(call)));
        let name: PaymentIdentifier = format!("pay_{}", hex::encode(&secret[..16])).parse().ok()?;
        name.attach(&mut extensions).then_some(extensions)
    }

    /// A channel as it was written down, or as the chain has it.
    pub(super) async fn find(
        &self,
        request: &Request,
        config: ChannelConfig,
    ) -> Result<ChannelRow, ChannelError> {
        let id = config.id(self.policy.network);
        let (balance, claimed) = self.chain.channel(id).await?;
        let known = self.ledger.channel(id).await?;
        Ok(match known {
            // Vouchers of an earlier process that were not answered are signed again, or corrected.
            Some(row) => {
                let charged = row.charged.max(claimed);
                ChannelRow { balance, charged, signed: charged, ..row }
            }
            None => ChannelRow {
                id,
                config,
                network: self.policy.network,
                host: request.host().to_owned(),
                target: target(request),
                balance,
                charged: claimed,
                signed: claimed,
                suspect: false,
                withdrawal: None,
            },
        })
    }
}

/// A deposit counts against the budgets whole; what they allow a call is asked of each voucher.
fn per_call(limits: &[Limit], price: Usdc) -> Result<(), ChannelError> {
    let mut of_call = limits.iter().filter(|limit| limit.scope == Scope::Call);
    Ok(of_call.try_for_each(|limit| limit.check(price, &[]).map_err(Box::new))?)
}
