use std::sync::LazyLock;

use axum::{
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use maud::html;
use sha2::{Digest, Sha256};

use super::{page, respond};

const MODULE: &[u8] = include_bytes!("../../assets/verifier.wasm");
const SCRIPT: &str = include_str!("../../assets/verify.py");

/// The page with its module inside, and the policy under which only its own script runs: saved to a disk it works as well.
static PAGE: LazyLock<(String, String)> = LazyLock::new(|| {
    let script = format!(
        "const MODULE = \"{}\";\n{}{}",
        BASE64_STANDARD.encode(MODULE),
        include_str!("../../assets/verify.js"),
        include_str!("../../assets/page.js")
    );
    let hash = BASE64_STANDARD.encode(Sha256::digest(&script));
    (
        page("Verify a receipt", &content(), Some(&script)),
        format!("script-src 'sha256-{hash}' 'wasm-unsafe-eval'; "),
    )
});

/// `GET /verify`.
pub(crate) async fn verifier() -> Response {
    let (page, script_source) = &*PAGE;
    respond(page.clone(), "public, max-age=300", script_source)
}

/// `GET /verify.py`.
pub(crate) async fn script() -> Response {
    ([(CONTENT_TYPE, "text/x-python; charset=utf-8")], SCRIPT).into_response()
}

fn content() -> maud::Markup {
    html! {
        h1 { "Verify a receipt" }
        p {
            "Paste or drop the answer of a draw, or the file that " code { "buyer" } " saved. It is checked here, in this page, "
            "which may not talk to anybody: the browser holds it to that. You can save the page and use it without a network."
        }
        textarea #receipt spellcheck="false" placeholder="{ \"format\": \"rng/v1\", … }" {}
        p.soft { "What you know from elsewhere: without it, key and log are taken on the receipt's word, or on that of the offer in a file of " code { "buyer" } ". The seller's are at " a href="/v1/key" { "/v1/key" } ", and every key of a day is in the log." }
        dl {
            dt { "Key of the day" } dd { input #key placeholder="0x…" spellcheck="false"; }
            dt { "Log: name and key" } dd { input #log placeholder="rng.example.com 0x…" spellcheck="false"; }
        }
        button #verify disabled { "Verify" }
        a href="/verify.py" { "The same as one Python file" }
        section #result {}
    }
}
