//! Pages for people.

mod bot;
mod home;
mod rendered;
mod wallet;

use std::sync::Arc;

use axum::routing::post;
use service_kit::{Context, Routes, StartError};

pub use bot::BOT_PATH;
pub use wallet::WalletArgs;

use crate::api::Scraper;

/// Adds the pages to the routes.
///
/// # Errors
/// [`StartError`] where the page is given a wallet that it must not have.
pub fn add(
    routes: Routes<Arc<Scraper>>,
    wallet: WalletArgs,
    scraper: &Scraper,
    context: &Context,
) -> Result<Routes<Arc<Scraper>>, StartError> {
    let wallet = wallet.open(context)?;
    let browser = scraper.browser.available().is_ok();
    let (page, script) = home::home(wallet.is_some(), browser, &context.selling()?.public_url);
    let routes = routes.page("/", page).page("/home.js", script).page(BOT_PATH, bot::bot());
    Ok(match wallet {
        Some(wallet) => routes.page("/demo", post(async move |purchase| wallet::pay(wallet, purchase).await)),
        None => routes,
    })
}
