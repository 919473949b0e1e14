//! The local chain, through the library and the program, with a real anvil.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test panics when it fails")]

mod chain;
mod multicall;
mod program;
mod token;
mod usdc;
