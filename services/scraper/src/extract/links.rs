//! The links of the content.

use std::collections::HashSet;

use url::Url;

use super::{address, answer::Link, content::Content, flat::Flat};

/// Each address once, in the order of the page.
pub(crate) fn of(flat: &Flat<'_>, content: &Content, base: Option<&Url>) -> Vec<Link> {
    let mut seen = HashSet::new();
    let anchors = flat.named(content.root, "a").filter(|at| !content.gone[*at]);
    let links = anchors.filter_map(|at| {
        let entry = &flat.entries[at];
        let href = entry.attr("href").filter(|href| !href.starts_with('#'))?;
        let url = String::from(address::absolute(base, href)?);
        seen.insert(url.clone()).then(|| Link {
            url,
            text: flat.phrase(at, &content.gone, usize::MAX),
            rel: entry.attr("rel").map(str::to_owned),
        })
    });
    links.collect()
}
