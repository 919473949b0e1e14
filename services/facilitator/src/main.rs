//! `facilitator`: verifies and settles x402 payments for sellers who run no signer of their own.

mod handlers;

use std::process::ExitCode;

use axum::{
    Router,
    routing::{get, post},
};
use service_kit::{Context, Service, StartError};

/// Nothing but what every service on a chain has.
#[derive(clap::Args)]
struct Config {}

fn main() -> ExitCode {
    let about = "Verifies and settles x402 payments in USDC.";
    service_kit::run(Service::new("facilitator", about, env!("CARGO_PKG_VERSION")).ports(4020, 5020), routes)
}

async fn routes(_: Config, context: Context) -> Result<Router, StartError> {
    let router = Router::new()
        .route("/verify", post(handlers::verify))
        .route("/settle", post(handlers::settle))
        .route("/supported", get(handlers::supported));
    Ok(router.with_state(context.facilitator()))
}
