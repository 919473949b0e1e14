//! `rng`: random numbers that their buyer can check, paid by the call.

mod documents;
mod random;

use std::{process::ExitCode, sync::Arc};

use draw::{DrawReceipt, DrawRequest, SecretKey};
use service_kit::{Context, KeyFile, Route, Routes, Service, StartError, Usdc};

use documents::{DrawQuery, Key, offer_extra};

const PRICE: Usdc = Usdc::from_atomic(1_000);

/// What this service is configured with, besides what every service is.
#[derive(clap::Args)]
struct Config {
    /// The secret key of the draws. Whoever holds it knows them beforehand.
    #[arg(long, value_name = "FILE", default_value = "data/rng-vrf.key")]
    vrf_key_file: KeyFile,
}

fn main() -> ExitCode {
    let about = "Random numbers that you can prove nobody chose.";
    service_kit::run(Service::new("rng", about, env!("CARGO_PKG_VERSION")).ports(4023, 5023), routes)
}

async fn routes(config: Config, context: Context) -> Result<Routes, StartError> {
    let key = Arc::new(SecretKey::from_seed(&*context.secret(&config.vrf_key_file)?));
    let sell = |route: Route| {
        route
            .price(PRICE)
            .upfront() // who could see the draw before they pay would pay for those they like
            .check(random::check)
            .extra("rng", offer_extra(key.public_key()))
            .response::<DrawReceipt>()
    };
    let get = sell(Route::get("/v1/random"))
        .summary("One draw, by query: bytes, integers, dice, a shuffle, a sample. 32 bytes unless asked otherwise.")
        .query::<DrawQuery>();
    let post = sell(Route::post("/v1/random"))
        .summary("Up to 64 draws in one call, by a JSON request.")
        .request::<DrawRequest>();
    let key_route = Route::get("/v1/key").summary("The key that draws are verified with.").response::<Key>();
    Ok(Routes::new()
        .paid(get, random::draw)
        .paid(post, random::draw)
        .free(key_route, random::public_key)
        .with_state(key))
}
