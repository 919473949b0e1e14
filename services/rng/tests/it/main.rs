//! `rng`, as its operator and its customers see it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends where something is not as expected")]

#[path = "../../../../shared/service-kit/tests/support/mod.rs"]
mod support;

mod beacon;
mod documents;
mod key;
mod log;
mod replicas;
mod requests;
mod sale;
mod sample;
mod verifiers;

use support::{NOWHERE, PAY_TO, Program};

fn rng() -> Program {
    Program::new(env!("CARGO_BIN_EXE_rng"))
}

/// The service, selling on a chain that does not answer.
fn offline() -> Program {
    rng().on("devnet", NOWHERE).env("X402_PAY_TO", PAY_TO)
}
