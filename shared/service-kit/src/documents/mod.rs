//! What a service says about itself, all made from the one table of its routes.

mod example;
mod openapi;
mod pages;
mod schema;

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use x402::Address;
use x402_gate::Route;

use crate::Deployment;

/// What the documents are made from.
pub(crate) struct Catalogue {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) version: &'static str,
    pub(crate) deployment: Deployment,
    pub(crate) pay_to: Address,
    /// The origin that buyers see, without a trailing slash.
    pub(crate) public_url: String,
    pub(crate) routes: Vec<Route>,
}

/// `/`, `/docs` and `/openapi.json`, rendered once.
pub(crate) fn router(catalogue: &Catalogue) -> Router {
    Router::new()
        .route("/", page(pages::home(catalogue)))
        .route("/docs", page(pages::reference(catalogue)))
        .route("/openapi.json", document("application/json", openapi::document(catalogue).to_string()))
}

fn page(html: String) -> MethodRouter {
    document("text/html; charset=utf-8", html)
}

/// A text that never changes while the process lives, readable from any origin.
fn document(media_type: &'static str, text: String) -> MethodRouter {
    let text = axum::body::Bytes::from(text);
    get(async move || respond(media_type, text.clone()))
}

fn respond(media_type: &'static str, text: axum::body::Bytes) -> Response {
    const HEADERS: [(HeaderName, HeaderValue); 4] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // The pages have one inline style sheet, and nothing else to load or to run.
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
            ),
        ),
    ];
    ([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], HEADERS, text).into_response()
}
