//! The page at `/`: a URL in, its content beside its picture, with the verdict, the cost and the receipt.

use axum::{
    http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    response::IntoResponse,
    routing::{MethodRouter, get},
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::api::PRICE;

const STYLE: &str = include_str!("home.css");
const SCRIPT: &str = include_str!("home.js");

/// The page, its style and its script run from this origin and from nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /` and its script.
pub(super) fn home<S: Clone + Send + Sync + 'static>(
    pays: bool,
    browser: bool,
    origin: &str,
) -> (MethodRouter<S>, MethodRouter<S>) {
    let page = page(pays, browser, origin).into_string();
    let page = move || {
        let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
        (headers, page.clone()).into_response()
    };
    let script = || ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response();
    (get(async move || page()), get(async move || script()))
}

fn page(pays: bool, browser: bool, origin: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "scraper" }
                style { (PreEscaped(STYLE)) }
            }
            body data-browser=(browser) {
                header {
                    h1 { "Pages, paid for only when they are content" }
                    p { (PRICE) " a page, in USDC over x402. Walls, errors, empty pages and what robots.txt disallows cost nothing." }
                }
                @if pays { (form()) } @else { (how(origin)) }
                main id="result" hidden {
                    section { h2 { "The page" } div id="picture" {} }
                    section { h2 { "Its content" } iframe id="content" sandbox="allow-popups" referrerpolicy="no-referrer" title="The page's content, as Markdown shows it" {} }
                }
                footer {
                    a href="/docs" { "Reference" } " " a href="/openapi.json" { "OpenAPI" } " " a href="/bot" { "Our visits" }
                }
                @if pays { script src="/home.js" {} }
            }
        }
    }
}

fn form() -> Markup {
    html! {
        form id="ask" {
            input id="url" name="url" type="url" required placeholder="http://127.0.0.1:4023/" aria-label="The page's URL" autofocus;
            button { "Buy for " (PRICE) }
        }
        p.aside { "This is a chain on this machine: the page pays with a wallet of play money that the service holds for it. Elsewhere, you pay with yours." }
        dl id="facts" hidden {
            dt { "Verdict" } dd id="verdict" {}
            dt { "Charged" } dd id="charged" {}
            dt { "Receipt" } dd id="receipt" {}
            dt { "Fetched" } dd id="fetched" {}
        }
    }
}

fn how(origin: &str) -> Markup {
    html! {
        pre { "buyer pay -d '{\"url\":\"https://example.com/\"}' " (origin) "/v1/scrape" }
    }
}
