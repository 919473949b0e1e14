//! A channel in use: who may sign next, and what a seller's word is worth.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::{Mutex, MutexGuard};
use x402::{Address, ChannelId, ChannelState, Network, Usdc, Voucher, VoucherState};

use super::{ChannelError, ChannelRow};
use crate::SpendLedger;

/// The channels in use in this process. Calls at once on one channel sign one after the other, and are under way together where
/// they cost what was signed for.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts(Arc<std::sync::Mutex<HashMap<ChannelId, Arc<Mutex<Account>>>>>);

/// One channel in use.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) row: Option<ChannelRow>,
    /// Raised when vouchers start again from what the seller proved: those signed before are void.
    pub(super) generation: u64,
    /// Whether the last call was charged all that was signed for it. Otherwise the next voucher depends on the answer before it.
    pub(super) predictable: bool,
}

pub(super) type Turn<'a> = MutexGuard<'a, Account>;

/// The place of a call at its channel: kept since it was signed, or given up meanwhile.
pub(super) struct Seat<'a> {
    pub(super) account: &'a Mutex<Account>,
    pub(super) held: Option<Turn<'a>>,
}

impl<'a> Seat<'a> {
    pub(super) async fn take(self) -> Turn<'a> {
        match self.held {
            Some(turn) => turn,
            None => self.account.lock().await,
        }
    }
}

impl Accounts {
    pub(super) fn get(&self, id: ChannelId) -> Arc<Mutex<Account>> {
        let mut accounts = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        accounts.entry(id).or_default().clone()
    }
}

impl Account {
    /// Takes over what the seller says was charged, if that is proven, unless another call has done so since.
    pub(super) async fn correct(
        &mut self,
        ledger: &SpendLedger,
        charged: Usdc,
        generation: u64,
    ) -> Result<(), ChannelError> {
        if self.generation != generation {
            return Ok(());
        }
        self.generation += 1;
        if let Some(row) = &mut self.row {
            row.charged = charged;
            row.signed = charged;
            ledger.keep_channel(row).await?;
        }
        Ok(())
    }
}

/// What was charged, by a corrective 402: proven by a voucher that we signed, or by the chain.
pub(super) fn proven(
    row: &ChannelRow,
    signer: Address,
    network: Network,
    (state, voucher): &(ChannelState, Option<VoucherState>),
    on_chain: Usdc,
) -> Result<Usdc, &'static str> {
    if state.channel_id != row.id {
        return Err("the seller corrects another channel");
    }
    let charged = state.charged_cumulative_amount.ok_or("the seller does not say what it charged")?;
    match voucher {
        None if charged == on_chain => Ok(charged),
        None => Err("the seller has no voucher for what it says it charged"),
        Some(VoucherState { signed_max_claimable, signature }) => {
            let voucher = Voucher {
                channel_id: row.id,
                max_claimable_amount: *signed_max_claimable,
                signature: signature.clone(),
            };
            if voucher.recover(network) != Ok(signer) {
                return Err("the seller's voucher is not ours");
            }
            if charged > *signed_max_claimable {
                return Err("the seller charged more than was signed");
            }
            if charged < on_chain {
                return Err("the seller claimed more than it says it charged");
            }
            Ok(charged)
        }
    }
}
