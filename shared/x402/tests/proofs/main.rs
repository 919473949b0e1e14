//! What sellers sign: the values that other implementations compute, and that no field can be changed afterwards.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod golden;
mod properties;
mod rules;
mod statements;
mod wire;
