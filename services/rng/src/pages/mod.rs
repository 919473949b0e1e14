//! Pages for people: what the log shows, and a verifier that works without this service.

mod home;
mod verify;

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(crate) use home::home;
pub(crate) use verify::{script, verifier};

const STYLE: &str = include_str!("../../assets/pages.css");

fn page(title: &str, content: &Markup, script: Option<&str>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    a.brand href="/" { "rng" }
                    a href="/verify" { "Verify a receipt" }
                    a href="/docs" { "Reference" }
                    a href="/openapi.json" { "OpenAPI" }
                    a href="/checkpoint" { "Checkpoint" }
                }
                main { (content) }
                footer { "The numbers come from a verifiable random function (RFC 9381); the log is C2SP tlog-tiles." }
                @if let Some(script) = script { script { (PreEscaped(script)) } }
            }
        }
    };
    page.into_string()
}

/// A page that may load nothing and call nobody: at most the one script that it carries runs.
fn respond(page: String, cache: &'static str, script_source: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; {script_source}frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CACHE_CONTROL, cache.to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, page).into_response()
}
