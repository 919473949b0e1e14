//! The scheme `batch-settlement` at the gate: a deposit once, a voucher per call, claims many channels at a time.
//!
//! A call is named by its channel and by what was charged before it. Voucher, charge and answer are committed together,
//! after the handler and before the answer leaves, so a crash loses no answered call and serves no voucher twice.

mod account;
mod answer;
mod bid;
mod call;
mod claims;
mod commit;
mod cover;
mod deposit;
mod handler;
mod journal;
mod refund;
mod sell;
mod settings;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::OnceCell;

use x402::{ChannelId, ChannelTerms, PaymentRequirements};
use x402_facilitator::ChannelRelay;

use account::Account;
use answer::Refused;
pub(crate) use claims::run as follow;
pub use handler::ChannelCall;
pub(crate) use journal::ChannelJournal;
pub(crate) use sell::{carried, is_refund, sell};
pub use settings::ChannelSettings;

use crate::refusal::Refusal;

/// How long a channel stays in memory after its last look at the chain.
const FORGET_AFTER: Duration = Duration::from_secs(600);

/// Everything about channels that a gate keeps while it lives.
pub(crate) struct Channels {
    pub(crate) settings: ChannelSettings,
    pub(crate) relay: ChannelRelay,
    accounts: Mutex<HashMap<ChannelId, Arc<Account>>>,
    standing: OnceCell<()>,
    boot: [u8; 16],
}

impl Channels {
    pub(crate) fn new(relay: ChannelRelay, settings: ChannelSettings) -> Self {
        let mut boot = [0; 16];
        // Without entropy all replicas would take each other for themselves, and claim twice: dear, not wrong.
        if let Err(error) = getrandom::fill(&mut boot) {
            tracing::error!(%error, "no entropy");
        }
        Self { settings, relay, accounts: Mutex::default(), standing: OnceCell::new(), boot }
    }

    /// What is offered to payers.
    pub(crate) fn terms(&self) -> ChannelTerms {
        ChannelTerms {
            receiver_authorizer: self.relay.authorizer(),
            withdraw_delay: self.settings.withdraw_delay,
        }
    }

    /// Whether the contracts stand where they should: asked until they are seen there, then no more.
    async fn stand(&self) -> Result<(), Refused> {
        let check = || async { self.relay.chain().check_channels().await };
        let seen = self.standing.get_or_try_init(check).await;
        seen.map(drop).map_err(|error| {
            tracing::error!(%error, "channels cannot be served");
            Refusal::Unavailable("channels cannot be served at the moment; nothing was charged".to_owned())
                .into()
        })
    }

    /// Forgets what nobody has used for long: it is in the ledger and on the chain.
    fn evict(&self) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.retain(|_, account| Arc::strong_count(account) > 1 || account.is_fresh(FORGET_AFTER));
        metrics::gauge!("x402_channels_in_memory").set(u32::try_from(accounts.len()).unwrap_or(u32::MAX));
    }

    /// Where the calls of a channel queue.
    fn account(&self, id: ChannelId) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.entry(id).or_insert_with(|| Arc::new(Account::new(id))).clone()
    }

    /// The same, if there is one.
    fn seen(&self, id: ChannelId) -> Option<Arc<Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Forgets a channel that turned out to be none, and that nobody else waits for.
    fn forget(&self, id: ChannelId) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.get(&id).is_some_and(|account| Arc::strong_count(account) <= 2) {
            accounts.remove(&id);
        }
    }
}

/// The offer to pay from a channel, beside the one to pay exactly.
pub(crate) fn offer(exact: &PaymentRequirements, terms: ChannelTerms) -> Option<PaymentRequirements> {
    let network = exact.known_network()?;
    let mut offer =
        PaymentRequirements::channel(network, exact.amount, exact.pay_to, exact.max_timeout_seconds, terms);
    let extra = offer.extra.get_or_insert_default();
    for (name, value) in exact.extra.iter().flatten().filter(|(name, _)| *name != "paymentFlow") {
        extra.entry(name).or_insert_with(|| value.clone());
    }
    Some(offer)
}
