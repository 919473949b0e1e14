//! A small service, `examples/answers.rs`, as its operator and its customers see it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends where something is not as expected")]

#[path = "../support/mod.rs"]
mod support;

mod configuration;
mod documents;
mod keys;
mod manners;
mod readiness;
mod shutdown;

use std::path::Path;

use support::{NOWHERE, PAY_TO, Program};

/// The example, which Cargo builds with the tests.
fn answers() -> Program {
    let tests = std::env::current_exe().expect("a path");
    let target = tests.parent().and_then(Path::parent).expect("target/debug/deps");
    Program::new(target.join("examples/answers"))
}

/// The example, selling on a chain that does not answer.
fn offline() -> Program {
    answers().on("devnet", NOWHERE).env("X402_PAY_TO", PAY_TO)
}
