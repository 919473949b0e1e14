//! Sections whose heading says that the content is over: related posts, comments, newsletters.

use super::{
    content::remove,
    flat::{Flat, is_block},
    page_type::PageType,
    weight::{Weights, ratio},
};

/// Removes such sections with their headings.
pub(crate) fn drop_tails(flat: &Flat<'_>, gone: &mut [bool], start: usize, page: PageType) {
    let weights = Weights::of(flat, gone);
    let all = weights.inside(flat, start);
    for at in start + 1..flat.entries[start].end {
        if gone[at] || !heads(flat, at) {
            continue;
        }
        let title = text_of(flat, gone, at);
        if !is_tail(&title, page) {
            continue;
        }
        let section = section_of(flat, gone, &weights, at, start);
        let to = if section == at { end_of_section(flat, at) } else { flat.entries[section].end };
        if ratio(weights.between(section, to).prose, all.prose) < 0.25 {
            gone[section..to].fill(true);
        } else if section == at {
            remove(flat, gone, at);
        }
    }
}

/// Where the section ends that this heading opens among its siblings: at the next heading of its rank.
fn end_of_section(flat: &Flat<'_>, at: usize) -> usize {
    let rank = |at: usize| flat.entries[at].name().strip_prefix('h').and_then(|rank| rank.parse::<u8>().ok());
    let own = rank(at).unwrap_or(0);
    if own == 0 {
        return flat.entries[at].end;
    }
    let parent = flat.entries[at].parent;
    let mut later = flat.children(parent).filter(|sibling| *sibling > at);
    let next = later.find(|sibling| {
        (*sibling..flat.entries[*sibling].end).any(|inner| rank(inner).is_some_and(|rank| rank <= own))
    });
    next.unwrap_or(flat.entries[parent].end)
}

/// A heading, or a short block in bold that stands for one.
fn heads(flat: &Flat<'_>, at: usize) -> bool {
    let entry = &flat.entries[at];
    match entry.name() {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => true,
        "p" | "div" | "span" | "strong" => entry.end - at <= 4 && entry.end - at > 1,
        _ => false,
    }
}

/// The outermost holder that has no text before the heading.
fn section_of(flat: &Flat<'_>, gone: &[bool], weights: &Weights, at: usize, start: usize) -> usize {
    let mut section = at;
    for outer in flat.ancestors(at).take_while(|outer| *outer != start) {
        let before = (outer..at).any(|inner| {
            !gone[inner] && flat.entries[inner].text().is_some_and(|text| !text.trim().is_empty())
        });
        if before || weights.inside(flat, outer).prose > 4 * 100 && flat.entries[outer].name() == "article" {
            break;
        }
        if is_block(flat.entries[outer].name()) {
            section = outer;
        }
    }
    section
}

fn text_of(flat: &Flat<'_>, gone: &[bool], at: usize) -> String {
    flat.words(at, gone).take(12).collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether a heading opens something that is not the page's content.
fn is_tail(title: &str, page: PageType) -> bool {
    const STARTS: [&str; 34] = [
        "related",
        "you may also",
        "you might also",
        "you may like",
        "you might like",
        "also like",
        "people also",
        "customers also",
        "recommended",
        "more from",
        "more stories",
        "more articles",
        "more on",
        "read next",
        "up next",
        "see also:",
        "popular posts",
        "recent posts",
        "latest posts",
        "latest articles",
        "latest news",
        "trending",
        "most read",
        "most popular",
        "share this",
        "share on",
        "share:",
        "subscribe",
        "sign up",
        "newsletter",
        "join our newsletter",
        "follow us",
        "recently viewed",
        "frequently bought",
    ];
    const ARTICLE_STARTS: [&str; 9] = [
        "leave a reply",
        "leave a comment",
        "comments",
        "about the author",
        "about author",
        "post a comment",
        "similar posts",
        "table of contents",
        "in this article",
    ];
    let title = title.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    if title.is_empty() || title.len() > 60 {
        return false;
    }
    let starts = |list: &[&str]| list.iter().any(|start| title.starts_with(start));
    match page {
        PageType::Listing | PageType::Service => {
            starts(&["subscribe", "sign up for", "newsletter", "share this", "follow us", "recently viewed"])
        }
        PageType::Article | PageType::Documentation => starts(&STARTS) || starts(&ARTICLE_STARTS),
        _ => starts(&STARTS),
    }
}
