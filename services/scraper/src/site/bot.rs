//! For those whose site was visited.

use axum::{
    response::Html,
    routing::{MethodRouter, get},
};
use maud::{DOCTYPE, html};

use crate::fetch::robots::PRODUCT;

/// Where the page is: our user agent points to it.
pub const BOT_PATH: &str = "/bot";

/// Who visits, why, and how to keep us away.
pub(super) fn bot<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (PRODUCT) } }
            body style="max-width:44rem;margin:3rem auto;font:1rem/1.5 system-ui;padding:0 1rem" {
                h1 { (PRODUCT) " visited your site" }
                p { "Somebody paid for one page of it. This service fetches pages one at a time, when a customer asks for them; it does not crawl." }
                ul {
                    li { "It reads your " code { "robots.txt" } " (RFC 9309) and keeps to it for a day." }
                    li { "It asks one host a few times a second at most, follows five redirects, and goes away after twenty seconds." }
                    li { "It sends no cookies, fills in no forms, and does not pretend to be anybody else." }
                }
                p { "To keep it away:" }
                pre { "User-agent: " (PRODUCT) "\nDisallow: /" }
            }
        }
    };
    let page = page.into_string();
    get(async move || Html(page.clone()))
}
