//! Paying from channels: one deposit, then a signature per call.
//!
//! A voucher is on disk before it is sent, so that after a crash nothing is signed below what was signed before without
//! the seller's proof. What the seller says of a channel is believed where a signature of ours, or the chain, shows it.

mod account;
mod client;
mod cost;
mod error;
mod movements;
mod receipt;
mod store;

pub use client::{ChannelAnswer, ChannelClient, Closed, Quote, Withdrawn};
pub use cost::{Choice, Costs, choose};
pub use error::ChannelError;
pub use store::{ChannelRow, Withdrawal};
