//! The buyer against real sellers over HTTP, a real ledger, and a real chain where one is needed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod budget;
mod chain;
mod cli;
mod crash;
mod delivery;
mod ledger;
mod offers;
mod payment;
mod proof;
mod receipt;
mod support;
mod wallet;
