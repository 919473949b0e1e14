//! What every service's `main` needs, behind one call: [`run`].
//!
//! Configuration from flags, environment and file; logs and metrics; a listener for operators with `/healthz`, `/readyz` and
//! `/metrics`; the chain, checked before anything is sold on it; documents for people and agents, made from the route
//! table that also prices the routes; and a stop that leaves nothing half done.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use axum::Json;
//! use service_kit::{Context, Route, Routes, Service, StartError, Usdc};
//!
//! /// The service's own keys: `--answer`, `ANSWERS_ANSWER`, or `answer` in the file.
//! #[derive(clap::Args)]
//! struct Config {
//!     /// What to answer.
//!     #[arg(long, default_value = "42")]
//!     answer: u64,
//! }
//!
//! async fn routes(config: Config, _: Context) -> Result<Routes, StartError> {
//!     let route = Route::get("/v1/answer").price(Usdc::from_atomic(1000)).summary("The answer.");
//!     Ok(Routes::new().paid(route, async move || Json(config.answer)))
//! }
//!
//! fn main() -> ExitCode {
//!     service_kit::run(Service::new("answers", "Answers.", env!("CARGO_PKG_VERSION")).ports(4030, 5030), routes)
//! }
//! ```
#![deny(missing_docs)]

mod admin;
mod args;
mod chain;
mod cli;
mod context;
mod documents;
mod error;
mod json;
mod keygen;
mod keys;
mod offering;
mod output;
mod problem;
mod readiness;
mod receipts;
mod refunds;
mod run;
mod server;
mod service;
mod shutdown;
mod telemetry;
mod trace;

pub use args::Deployment;
pub use context::{Context, Selling};
pub use error::StartError;
pub use json::JsonBody;
pub use keys::{KeyFile, Secret};
pub use offering::Offering;
pub use problem::Problem;
pub use run::run;
pub use service::Service;
// What a service is written with, so that it depends on one crate.
pub use tokio_util::sync::CancellationToken;
pub use x402::Usdc;
pub use x402_gate::{
    Attached, Attachment, ChannelCall, Charge, Flow, Ledger, LedgerError, Meter, Payment, Route, Routes,
};
