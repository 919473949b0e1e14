//! The harness, on servers whose faults are known.
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends where something is not as expected")]

mod audit;
mod cli;
mod plan;
mod results;
mod schema;
mod seller;
mod services;
mod stalls;
mod wallets;
