//! The scheme `batch-settlement` on EVM (`specs/schemes/batch-settlement/scheme_batch_settlement_evm.md`): the payer deposits
//! once into a channel and signs a cumulative voucher per call.

mod config;
mod contract;
mod deposit;
mod payload;
mod reason;
mod refund;
mod voucher;
mod wire;

use alloy_primitives::{Address, address};

pub use config::{ChannelConfig, ChannelId};
pub use contract::{Collector, Settlement};
pub use deposit::{Deposit, DepositAuthorization, Erc3009Authorization};
pub use payload::{
    ChannelPayload, ClaimPayload, DepositPayload, RefundPayload, SettlePayload, VoucherPayload,
};
pub use refund::channel_refund_digest;
pub use voucher::{ClaimedVoucher, Voucher, VoucherClaim};
pub use wire::{
    ChannelExtra, ChannelSettlement, ChannelState, ChannelTerms, ChannelVerifyResponse, VoucherState,
};

use crate::{B256, Network};

/// The scheme's name on the wire.
pub const BATCH_SETTLEMENT: &str = "batch-settlement";
/// `x402BatchSettlement`, at the same address on every chain.
pub const SETTLEMENT_CONTRACT: Address = address!("4020074e9dF2ce1deE5A9C1b5c3f541D02a10003");
/// `ERC3009DepositCollector`, at the same address on every chain.
pub const DEPOSIT_COLLECTOR: Address = address!("4020806089470a89826cB9fB1f4059150b550004");
/// The shortest delay of a withdrawal that the contract takes, in seconds.
pub const MIN_WITHDRAW_DELAY: u32 = 900;
/// The longest delay of a withdrawal that the contract takes, in seconds.
pub const MAX_WITHDRAW_DELAY: u32 = 2_592_000;

/// The separator of the domain in which channels, vouchers, claims and refunds are signed.
#[must_use]
pub fn channel_domain_separator(network: Network) -> B256 {
    config::domain(network).separator()
}
