//! Verifying and settling over a real chain, with its faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod batch;
mod chain;
mod channels;
mod faults;
mod in_flight;
mod proxy;
mod remote;
mod settle;
mod verify;
mod world;
