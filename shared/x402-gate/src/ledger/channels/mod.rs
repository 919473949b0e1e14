//! The durable record of channels and of the calls that were paid from them.

mod record;
mod statements;

use x402::{B256, ChannelConfig, ChannelId, RequestHash, Usdc};

use record::Owed;
pub(crate) use record::{CallRecord, ChannelRecord, PaidCall, PendingRefund, StoredCall};

use super::{Ledger, LedgerError, on};

impl Ledger {
    /// Whether others write to the same database, so that what was read may have changed since.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Makes a channel known, at what the chain says was claimed, unless it is known already.
    pub(crate) async fn open_channel(
        &self,
        id: ChannelId,
        config: &ChannelConfig,
        claimed: Usdc,
    ) -> Result<ChannelRecord, LedgerError> {
        on!(self, store => statements::open(&**store, id, config, claimed).await)
    }

    pub(crate) async fn channel(&self, id: ChannelId) -> Result<Option<ChannelRecord>, LedgerError> {
        on!(self, store => statements::get(&**store, id).await)
    }

    /// Charges a call and stores its answer, if nothing was charged since `base` and no refund is under way. False where it
    /// was not so. Of several with one base one is charged, whichever process they are in.
    pub(crate) async fn commit_call(&self, call: &PaidCall) -> Result<bool, LedgerError> {
        on!(self, store => statements::commit(&**store, call).await)
    }

    /// The call that was charged at `base`.
    pub(crate) async fn channel_call(
        &self,
        id: ChannelId,
        base: Usdc,
    ) -> Result<Option<StoredCall>, LedgerError> {
        on!(self, store => statements::call(&**store, id, base).await)
    }

    /// Begins a refund at what was charged until now. False where more was charged, or another refund is under way.
    pub(crate) async fn begin_refund(
        &self,
        id: ChannelId,
        charged: Usdc,
        amount: Usdc,
        nonce: u64,
    ) -> Result<bool, LedgerError> {
        on!(self, store => statements::begin_refund(&**store, id, charged, amount, nonce).await)
    }

    /// Writes down the transaction that is about to make a refund.
    pub(crate) async fn refund_sent(&self, id: ChannelId, transaction: B256) -> Result<(), LedgerError> {
        on!(self, store => statements::refund_sent(&**store, id, transaction).await)
    }

    /// Ends a refund that was begun at a nonce: it was made, or never will be.
    pub(crate) async fn end_refund(&self, id: ChannelId, nonce: u64) -> Result<(), LedgerError> {
        on!(self, store => statements::end_refund(&**store, id, nonce).await)
    }

    /// The channels with a refund under way.
    pub(crate) async fn refunding(&self) -> Result<Vec<ChannelRecord>, LedgerError> {
        on!(self, store => statements::refunding(&**store).await)
    }

    /// Records what the chain says was claimed from a channel.
    pub(crate) async fn claimed(&self, id: ChannelId, total: Usdc) -> Result<(), LedgerError> {
        on!(self, store => statements::claimed(&**store, id, total).await)
    }

    /// Sets aside a channel whose voucher the contract refuses.
    pub(crate) async fn set_aside(&self, id: ChannelId, why: &str) -> Result<(), LedgerError> {
        on!(self, store => statements::set_aside(&**store, id, why).await)
    }

    /// The channels that owe, the oldest debt first.
    pub(crate) async fn owing(&self, limit: i64) -> Result<Vec<ChannelRecord>, LedgerError> {
        on!(self, store => statements::owing(&**store, limit).await)
    }

    /// What all channels owe.
    pub(crate) async fn owed(&self) -> Result<Owed, LedgerError> {
        on!(self, store => statements::owed(&**store).await)
    }

    /// Becomes, or stays, the one process that claims, for a while. False where another one is.
    pub(crate) async fn claimer(&self, boot: &[u8; 16], lease_ms: i64) -> Result<bool, LedgerError> {
        on!(self, store => statements::claimer(&**store, boot, lease_ms).await)
    }
}

/// A request's hash and a base name a call to its buyer.
impl CallRecord {
    /// Whether this is the call that a voucher asks for again.
    pub(crate) fn is(&self, ceiling: Usdc, request: RequestHash, route: &str) -> bool {
        self.ceiling == ceiling && self.request_hash == request && self.route == route
    }
}
