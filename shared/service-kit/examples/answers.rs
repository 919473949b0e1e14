//! The smallest service: one answer for sale, and a few things for free.

use std::process::ExitCode;

use axum::{Json, routing};
use service_kit::{Context, JsonBody, Problem, Route, Routes, Service, StartError, Usdc};

/// The service's own keys.
#[derive(clap::Args)]
struct Config {
    /// What to answer.
    #[arg(long, default_value = "42")]
    answer: u64,
}

fn main() -> ExitCode {
    let about = "Answers, <b>bold</b> & short.";
    service_kit::run(Service::new("answers", about, env!("CARGO_PKG_VERSION")), routes)
}

async fn routes(config: Config, _: Context) -> Result<Routes, StartError> {
    let route = Route::get("/v1/answer").price(Usdc::from_atomic(1_000)).summary("The answer.");
    Ok(Routes::new()
        .paid(route, async move || Json(config.answer))
        .free("/sum", routing::post(sum))
        .free("/broken", routing::get(broken)))
}

async fn sum(JsonBody(terms): JsonBody<Vec<u64>>) -> Json<u64> {
    Json(terms.iter().sum())
}

async fn broken() -> Problem {
    Problem::internal("a secret that the log may see")
}
