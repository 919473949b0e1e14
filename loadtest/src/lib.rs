//! Load on paid HTTP calls, as x402 sells them: latency by phase, and an audit of the money.
//!
//! A [`plan::Plan`] says what to ask for and when; [`run()`] makes the calls, looks at the chain, and gives a
//! [`result::RunResult`], which is what reports are written from, merged and compared.
//!
//! Two things that other tools do not: an open loop's latency counts from the *intended* start of a call, so that a seller
//! which stalls is charged for everybody it kept waiting; and after the calls, every payment is looked up in the token's own
//! logs, so that a run says not only how fast the answers came but where each atomic unit went.
#![deny(missing_docs)]

pub mod audit;
mod ceiling;
pub mod chain;
mod generator;
pub mod local;
pub mod output;
pub mod plan;
mod preflight;
mod provenance;
pub mod result;
mod run;
pub mod sample;
pub mod wallets;

pub use ceiling::{CeilingError, ceiling};
pub use preflight::{Estimate, PreflightError, Priced};
pub use run::{Observer, RunError, connect, run};
