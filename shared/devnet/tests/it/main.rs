//! The local chain and the faults before it, through the library and the program, with a real anvil.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test panics when it fails")]

mod chain;
mod faults;
mod gone;
mod line;
mod multicall;
mod notation;
mod program;
mod schedule;
mod settlement;
mod stale;
mod token;
mod transparent;
mod usdc;
