//! Calls that are paid from a channel.

mod answer;
mod close;
mod judge;
mod sign;
mod withdraw;

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{StatusCode, header::HeaderMap};
use tokio::time::{Instant, sleep};
use x402::{B256, BATCH_SETTLEMENT, ChannelConfig, ChannelId, ChannelPayload, PAYMENT_SIGNATURE, Usdc};

use self::answer::is_passing;
pub use self::withdraw::Withdrawn;
use super::{
    ChannelError, ChannelRow,
    account::{Accounts, Seat},
    receipt::Sale,
};
use crate::{
    Chain, Challenge, ChannelPaid, Offer, Policy, Request, SpendLedger, Terms, UnixMillis, Version, Wallet,
    client::{
        exchange::{Exchange, HttpAnswer},
        verdict,
    },
};

/// How often one call is signed anew: a seller whose books move on without us is not followed for ever.
const ATTEMPTS: u32 = 16;
const UNPAID: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);
/// What an attempt waits for beyond the seller's own window.
const ALLOWANCE: u64 = 30;
/// By how long a deposit's window begins before now: clocks differ.
const BEGUN: u64 = 600;

/// A client that pays from channels: opens them, tops them up, spends and closes them. Cloning is cheap, and clones share
/// channels and connections.
#[derive(Clone, Debug)]
pub struct ChannelClient {
    wallet: Wallet,
    ledger: SpendLedger,
    policy: Policy,
    exchange: Exchange,
    chain: Chain,
    accounts: Accounts,
    keeps_receipts: bool,
    offers: Arc<std::sync::Mutex<HashMap<String, Arc<Offer>>>>,
}

/// The answer to a call that was paid from a channel.
#[derive(Clone, Debug)]
pub struct ChannelAnswer {
    /// HTTP status, a success.
    pub status: StatusCode,
    /// Headers as received.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What the call cost.
    pub charged: Usdc,
    /// What was deposited with it.
    pub deposited: Option<Usdc>,
    /// The deposit's transaction.
    pub transaction: Option<B256>,
    /// What was charged before.
    pub base: Usdc,
    /// The channel afterwards.
    pub channel: ChannelRow,
    pub(super) sale: Sale,
}

/// A call as it would be paid from a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The most that the call costs.
    pub price: Usdc,
    /// The channel, whether it is open or not.
    pub channel: ChannelId,
    /// What it holds, as far as is known here.
    pub left: Usdc,
}

/// A channel whose rest came back.
#[derive(Clone, Debug)]
pub struct Closed {
    /// What came back.
    pub refunded: Usdc,
    /// By which transaction.
    pub transaction: Option<B256>,
    /// The channel afterwards.
    pub channel: ChannelRow,
}

/// One voucher on its way.
struct Sent {
    ceiling: Usdc,
    base: Usdc,
    generation: u64,
    deposit: Option<Deposited>,
    payment: ChannelPaid,
    header: String,
    signed_at: UnixMillis,
}

/// A deposit that goes with a voucher.
#[derive(Clone, Copy)]
struct Deposited {
    salt: B256,
    amount: Usdc,
}

/// What to do after an answer.
enum Next {
    Done(Box<ChannelAnswer>),
    /// Ask for the offer anew, and sign.
    Ask,
    /// Sign anew, for this reason.
    Sign(String),
}

impl ChannelClient {
    /// A client that pays from `wallet`, records in `ledger`, and reads channels from `chain`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        wallet: Wallet,
        ledger: SpendLedger,
        policy: Policy,
        chain: Chain,
    ) -> Result<Self, reqwest::Error> {
        let exchange = Exchange::new(policy.max_answer_bytes)?;
        let (accounts, offers) = Default::default();
        Ok(Self { wallet, ledger, policy, exchange, chain, accounts, keeps_receipts: false, offers })
    }

    /// The same client, which keeps the receipt of each call in the ledger, with the call.
    #[must_use]
    pub fn keeping_receipts(self) -> Self {
        Self { keeps_receipts: true, ..self }
    }

    /// Sends a request and pays for it from a channel. Where the channel holds too little, `deposit` goes in with the call,
    /// or what is missing if that is more.
    ///
    /// # Errors
    /// [`ChannelError`]; an [`Unresolved`](ChannelError::Unresolved) call may be sent again and is charged once.
    pub async fn send(
        &self,
        request: &Request,
        terms: &Terms,
        deposit: Usdc,
    ) -> Result<ChannelAnswer, ChannelError> {
        let mut offered = self.offer(request, terms, false).await?;
        let mut last = String::new();
        for _ in 0..ATTEMPTS {
            let config = self.config(&offered)?;
            let account = self.accounts.get(config.id(self.policy.network));
            let mut turn = account.lock().await;
            let sent = self.sign(&mut turn, request, &offered, config, terms, deposit).await?;
            // A deposit holds the channel: those who come meanwhile would make another. So does a call whose charge is not known
            // beforehand: vouchers signed behind it would be corrected.
            let held = (sent.deposit.is_some() || !turn.predictable).then_some(turn);
            let answer = self.deliver(request, &offered, config, &sent).await?;
            let seat = Seat { account: &account, held };
            match self.judge(seat, request, &offered, config, sent, answer).await? {
                Next::Done(answer) => return Ok(*answer),
                Next::Sign(why) => last = why,
                Next::Ask => {
                    offered = self.offer(request, terms, true).await?;
                    "the seller keeps correcting".clone_into(&mut last);
                }
            }
        }
        let channel = self.config(&offered)?.id(self.policy.network);
        Err(ChannelError::Unresolved { channel, ceiling: Usdc::ZERO, last })
    }

    /// What a call would cost from a channel, and what the channel holds for it.
    ///
    /// # Errors
    /// [`ChannelError`]; nothing was signed.
    pub async fn quote(&self, request: &Request, terms: &Terms) -> Result<Quote, ChannelError> {
        let offered = self.offer(request, terms, false).await?;
        let channel = self.config(&offered)?.id(self.policy.network);
        let left = self.ledger.channel(channel).await?.map(|row| row.left()).unwrap_or_default();
        Ok(Quote { price: offered.requirements.amount, channel, left })
    }

    /// The ledger.
    #[must_use]
    pub const fn ledger(&self) -> &SpendLedger {
        &self.ledger
    }

    fn config(&self, offered: &Offer) -> Result<ChannelConfig, ChannelError> {
        let config = ChannelConfig::accepting(&offered.requirements, self.wallet.address(), B256::ZERO);
        config.ok_or_else(|| crate::NoOffer { rejections: Vec::new() }.into())
    }

    /// The offer of channels for a request, asked for once per target and again where it is stale.
    async fn offer(&self, request: &Request, terms: &Terms, anew: bool) -> Result<Arc<Offer>, ChannelError> {
        let target = target(request);
        let known =
            self.offers.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&target).cloned();
        // An offer that was accepted once is asked for anew where this call's terms are narrower: the refusal then says why.
        let fits = |known: &Arc<Offer>| {
            self.policy.allows(&known.requirements, request.host(), terms, BATCH_SETTLEMENT)
        };
        if let Some(known) = known.filter(|known| !anew && fits(known)) {
            return Ok(known);
        }
        let answer = self.exchange.send(request, None, UNPAID).await.map_err(ChannelError::Unreachable)?;
        if answer.status != StatusCode::PAYMENT_REQUIRED {
            return Err(ChannelError::NotForSale(answer.status));
        }
        let challenge = Challenge::read(&answer.headers, &answer.body)?;
        let offer = self.policy.choose_scheme(challenge, request.host(), terms, BATCH_SETTLEMENT)?;
        let offered = Arc::new(offer);
        let mut offers = self.offers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        offers.insert(target, offered.clone());
        Ok(offered)
    }

    /// Sends a voucher, the same each time, until something is answered.
    async fn deliver(
        &self,
        request: &Request,
        offered: &Offer,
        config: ChannelConfig,
        sent: &Sent,
    ) -> Result<HttpAnswer, ChannelError> {
        let give_up = Instant::now() + self.policy.patience;
        let timeout = Duration::from_secs(offered.requirements.max_timeout_seconds.saturating_add(ALLOWANCE));
        let header = (PAYMENT_SIGNATURE, sent.header.clone());
        loop {
            let last = match self.exchange.send(request, Some(&header), timeout).await {
                Ok(answer) if !is_passing(&answer) => return Ok(answer),
                Ok(answer) => verdict::reason(&answer).unwrap_or_else(|| answer.status.to_string()),
                Err(error) if error.is_passing() => error.to_string(),
                Err(error) => return Err(ChannelError::Unreachable(error)),
            };
            if Instant::now() + PAUSE > give_up {
                let channel = config.id(self.policy.network);
                return Err(ChannelError::Unresolved { channel, ceiling: sent.ceiling, last });
            }
            sleep(PAUSE).await;
        }
    }
}

/// The offer is repeated as the seller wrote it.
fn payment(offered: &Offer, payload: ChannelPayload) -> ChannelPaid {
    let resource = offered.resource.clone().filter(|_| offered.x402_version == Version::V2);
    ChannelPaid {
        x402_version: 2,
        resource,
        accepted: offered.requirements.clone(),
        payload,
        extensions: None,
    }
}

fn target(request: &Request) -> String {
    format!("{} {}", request.method, request.url)
}
