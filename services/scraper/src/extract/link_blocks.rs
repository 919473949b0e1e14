//! Blocks that only lead elsewhere: menus and related pages.

use scraper::ElementRef;

use super::{
    content::remove,
    flat::Flat,
    page_type::PageType,
    weight::{Weights, count_words, ratio},
};

/// Removes blocks that only lead elsewhere.
pub(crate) fn drop_link_blocks(flat: &Flat<'_>, gone: &mut [bool], root: usize, page: PageType) {
    let weights = Weights::of(flat, gone);
    for at in root + 1..flat.entries[root].end {
        if gone[at]
            || !matches!(
                flat.entries[at].name(),
                "div" | "section" | "ul" | "ol" | "aside" | "table" | "p" | "dl"
            )
        {
            continue;
        }
        let inside = weights.inside(flat, at);
        if inside.words == 0 {
            continue;
        }
        let links = flat.named(at, "a").filter(|link| !gone[*link]).count();
        let a_link = ratio(inside.linked, u32::try_from(links).unwrap_or(u32::MAX));
        let lists = inside.link_share() > 0.85 && links >= 6 && a_link <= 3.0;
        let menu = lists && !(at..flat.entries[at].end).any(|inner| is_of_a_card(flat.entries[inner].name()));
        let related = inside.link_share() > 0.7 && links >= 2 && inside.prose == 0;
        let drop = match page {
            PageType::Article => (menu || related) && !is_introduced(flat, at),
            PageType::Forum => menu || related,
            _ => menu,
        };
        if drop && ratio(inside.words, weights.inside(flat, root).words) < 0.4 {
            remove(flat, gone, at);
        }
    }
}

/// A list that the paragraph before it introduces is part of the text, links or not.
fn is_introduced(flat: &Flat<'_>, at: usize) -> bool {
    let before = flat.entries[at].node.prev_siblings().filter_map(ElementRef::wrap).next();
    matches!(flat.entries[at].name(), "ul" | "ol")
        && before.is_some_and(|before| {
            before.value().name() == "p" && before.text().map(count_words).sum::<u32>() >= 10
        })
}

/// A list of things shows them; a menu only names them.
fn is_of_a_card(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "img" | "picture")
}
