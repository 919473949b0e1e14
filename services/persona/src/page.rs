//! The page at `/`.

use axum::response::Html;

/// A file of its own: markup, style and script that a browser reads as they are.
pub(crate) async fn show() -> Html<&'static str> {
    Html(include_str!("page.html"))
}
