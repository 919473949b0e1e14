//! What the interoperability tests and the benchmark share: a chain, sellers on it, and payments signed ahead.

use anyhow::Context;
use axum::{Router, serve::ListenerExt};
use tokio::net::TcpListener;

pub mod market;
pub mod payment;
pub mod prompt;

/// What every route here costs, in atomic units of USDC.
pub const PRICE: u64 = 10_000;
/// The route that both sellers of the benchmark sell, in version 2 of the protocol.
pub const ROUTE: &str = "/answer";
/// The route that the stock seller sells in version 1.
pub const ROUTE_V1: &str = "/v1/answer";

/// A setting of a program here, from the environment.
///
/// # Errors
/// When it is not set.
pub fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set"))
}

/// Serves without waiting to fill a packet, every seller alike.
///
/// # Errors
/// When the system accepts no more connections.
pub async fn serve(listener: TcpListener, app: Router) -> anyhow::Result<()> {
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}
