//! `rng`: random numbers that their buyer can check, paid by the call.

mod audit;
mod beacon;
mod clock;
mod documents;
mod log;
mod pages;
mod random;
mod rng;
mod stream;

use std::process::ExitCode;

use axum::routing;
use draw::{DrawReceipt, DrawRequest};
use service_kit::{Context, Route, Routes, Service, StartError};

use documents::DrawQuery;
use rng::{Config, Rng};

fn main() -> ExitCode {
    let about = "Random numbers that you can prove nobody chose.";
    let service = Service::new("rng", about, env!("CARGO_PKG_VERSION"))
        .ports(4023, 5023)
        .command("audit", "Follow a log, and say what its operator did wrong", audit::run)
        .worker("appends", log::appends::run)
        .command("stream", "Write the bytes of consecutive draws, for tests of randomness", stream::run);
    service_kit::run(service, routes)
}

async fn routes(config: Config, context: Context) -> Result<Routes, StartError> {
    let rng = Rng::open(config, &context).await?;
    let (check, terms) = (rng.check(), rng.terms());
    let sell = |route: Route| {
        route
            .price(random::PRICE)
            .upfront() // who could see the draw before they pay would pay for those they like
            .check(check)
            .extra_now("rng", terms.clone())
            .response::<DrawReceipt>()
    };
    let get = sell(Route::get("/v1/random"))
        .summary("One draw, by query: bytes, integers, dice, a shuffle, a sample. 32 bytes unless asked otherwise.")
        .query::<DrawQuery>();
    let post = sell(Route::post("/v1/random"))
        .summary("Up to 64 draws in one call, by a JSON request.")
        .request::<DrawRequest>();
    let routes = Routes::new().paid(get, random::draw).paid(post, random::draw);
    Ok(log::http::add(routes.free(documents::key_route(), random::key))
        .page("/", routing::get(pages::home))
        .page("/verify", routing::get(pages::verifier))
        .page("/verify.py", routing::get(pages::script))
        .with_state(rng))
}
