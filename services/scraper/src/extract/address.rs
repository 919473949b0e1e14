//! Addresses of links and pictures, absolute and harmless.

use url::Url;

use super::{flat::Flat, page_type::meta};

/// What relative addresses of the page are relative to: its `base` element, or its own address.
pub(crate) fn base(flat: &Flat<'_>, url: Option<&Url>) -> Option<Url> {
    let declared = flat.named(0, "base").next().and_then(|at| flat.entries[at].attr("href"));
    let own = url.cloned().or_else(|| meta(flat, "og:url").and_then(|url| url.parse().ok()));
    match (declared, own) {
        (Some(declared), Some(own)) => own.join(declared).ok().or(Some(own)),
        (Some(declared), None) => declared.parse().ok(),
        (None, own) => own,
    }
}

/// The absolute address, if it leads to a place: no `javascript:`, no `data:`, nothing that is run or embedded.
pub(crate) fn absolute(base: Option<&Url>, address: &str) -> Option<Url> {
    let address = address.trim();
    let url = match base {
        Some(base) => base.join(address).ok()?,
        None => address.parse().ok()?,
    };
    matches!(url.scheme(), "http" | "https" | "mailto" | "tel" | "ftp").then_some(url)
}
