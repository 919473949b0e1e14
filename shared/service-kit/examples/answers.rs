//! A small service: an answer for sale, several at a price by the number, and a few things for free.

use std::{fs, io::Write as _, net::SocketAddr, process::ExitCode};

use axum::{
    Json,
    body::Bytes,
    extract::ConnectInfo,
    http::{StatusCode, request::Parts},
    response::Html,
    routing,
};
use service_kit::{CancellationToken, Context, JsonBody, Problem, Route, Routes, Service, StartError, Usdc};

const PRICE: u64 = 1_000;

/// The service's own keys.
#[derive(clap::Args)]
struct Config {
    /// What to answer.
    #[arg(long, default_value = "42")]
    answer: u64,
    /// A home page of its own.
    #[arg(long)]
    home: Option<String>,
}

/// What the hidden subcommand takes.
#[derive(clap::Args)]
struct Double {
    number: u64,
}

fn main() -> ExitCode {
    let about = "Answers, <b>bold</b> & short.";
    let service = Service::new("answers", about, env!("CARGO_PKG_VERSION"));
    service_kit::run(service.worker("double", double), routes)
}

async fn routes(config: Config, context: Context) -> Result<Routes, StartError> {
    let public_url = context.selling()?.public_url.clone();
    context.spawn("farewell", async move |stop: CancellationToken| {
        stop.cancelled().await;
        let _ = fs::write("farewell", public_url);
    });
    let paid = |route: Route| route.price(Usdc::from_atomic(PRICE));
    let one = paid(Route::get("/v1/answer")).summary("The answer.");
    let many = paid(Route::post("/v1/answers")).price_by("answer", price).request::<Vec<u64>>();
    let sum_of = Route::post("/sum").summary("The sum.").request::<Vec<u64>>().response::<u64>();
    let routes = Routes::new()
        .paid(one, async move || Json(config.answer))
        .paid(many.summary("Many answers."), async |numbers: Json<Vec<u64>>| numbers)
        .free(sum_of, sum)
        .page("/broken", routing::get(broken))
        .page("/client", routing::get(async |client: ConnectInfo<SocketAddr>| client.ip().to_string()));
    Ok(match config.home {
        Some(home) => routes.page("/", routing::get(async move || Html(home))),
        None => routes,
    })
}

/// Each number costs.
fn price(_: &Parts, body: &Bytes) -> Result<Usdc, Problem> {
    let numbers: Vec<u64> = serde_json::from_slice(body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_numbers", error.to_string()))?;
    Ok(Usdc::from_atomic(PRICE * numbers.len() as u64))
}

async fn sum(JsonBody(terms): JsonBody<Vec<u64>>) -> Json<u64> {
    Json(terms.iter().sum())
}

async fn broken() -> Problem {
    Problem::internal("a secret that the log may see")
}

async fn double(Double { number }: Double) -> Result<(), StartError> {
    writeln!(std::io::stdout(), "{}", 2 * number).map_err(StartError::failed("printing"))
}
