//! Sections whose heading says that the content is over: related posts, comments, newsletters.

use super::{
    flat::{Flat, is_block},
    page_type::PageType,
    weight::{Weights, ratio},
};

/// Removes such sections with their headings.
pub(crate) fn drop_tails(flat: &Flat<'_>, gone: &mut [bool], start: usize, page: PageType) {
    let weights = Weights::of(flat, gone);
    let all = weights.inside(flat, start);
    for at in start + 1..flat.entries[start].end {
        let heads = matches!(flat.entries[at].name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
        if gone[at] || !heads || !is_tail(&text_of(flat, gone, at), page) {
            continue;
        }
        let section = section_of(flat, gone, at, start);
        let to = if section == at { end_of_section(flat, at) } else { flat.entries[section].end };
        if ratio(weights.between(section, to).prose, all.prose) < 0.25 {
            gone[section..to].fill(true);
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
    let next = flat.following(at).find(|sibling| {
        (*sibling..flat.entries[*sibling].end).any(|inner| rank(inner).is_some_and(|rank| rank <= own))
    });
    next.unwrap_or(flat.entries[parent].end)
}

/// The outermost holder that has no text before the heading.
fn section_of(flat: &Flat<'_>, gone: &[bool], at: usize, start: usize) -> usize {
    let mut section = at;
    for outer in flat.ancestors(at).take_while(|outer| *outer != start) {
        let before = (outer..at).any(|inner| {
            !gone[inner] && flat.entries[inner].text().is_some_and(|text| !text.trim().is_empty())
        });
        if before {
            break;
        }
        if is_block(flat.entries[outer].name()) {
            section = outer;
        }
    }
    section
}

fn text_of(flat: &Flat<'_>, gone: &[bool], at: usize) -> String {
    flat.phrase(at, gone, 12).to_lowercase()
}

/// Whether a heading opens something that is not the page's content.
fn is_tail(title: &str, page: PageType) -> bool {
    let title = title.trim_matches(|letter: char| !letter.is_alphanumeric());
    if title.is_empty() || title.len() > 60 {
        return false;
    }
    let said = |exact: &[&str], starts: &[&str]| {
        exact.contains(&title) || starts.iter().any(|start| title.starts_with(start))
    };
    match page {
        PageType::Listing | PageType::Service => said(ASKS, ASK_STARTS),
        PageType::Article | PageType::Documentation => {
            said(ASKS, ASK_STARTS)
                || said(ELSEWHERE, ELSEWHERE_STARTS)
                || leads_elsewhere(title)
                || said(AFTER, AFTER_STARTS)
        }
        _ => said(ASKS, ASK_STARTS) || said(ELSEWHERE, ELSEWHERE_STARTS) || leads_elsewhere(title),
    }
}

/// "Related articles", "more stories for you": but not "recommended dosage".
fn leads_elsewhere(title: &str) -> bool {
    const WHICH: &[&str] =
        &["related", "recommended", "trending", "popular", "similar", "recent", "latest", "more", "other"];
    const WHAT: &[&str] = &[
        "articles", "posts", "stories", "news", "content", "reading", "reads", "links", "topics", "products",
        "videos", "items", "coverage", "blogs", "searches", "now", "threads",
    ];
    let mut words = title.split(' ');
    let which = words.next().is_some_and(|word| WHICH.contains(&word));
    which && words.next().is_some_and(|word| WHAT.contains(&word)) && words.count() <= 3
}

/// What asks the reader for something.
const ASKS: &[&str] = &[
    "subscribe",
    "newsletter",
    "sign up",
    "share",
    "follow us",
    "recently viewed",
    "share this",
    "stay connected",
];
const ASK_STARTS: &[&str] = &[
    "subscribe to our",
    "subscribe to the",
    "sign up for",
    "sign up to",
    "join our newsletter",
    "join our mailing",
    "get our newsletter",
    "share this",
    "follow us on",
];
/// What leads to other pages.
const ELSEWHERE: &[&str] = &[
    "related",
    "recommended",
    "trending",
    "most read",
    "most popular",
    "recommended for you",
    "read next",
    "up next",
    "further reading from us",
];
const ELSEWHERE_STARTS: &[&str] = &[
    "you may also",
    "you might also",
    "you may like",
    "you might like",
    "you'll also",
    "you will also",
    "people also",
    "customers also",
    "more from",
    "what to read next",
    "read next",
    "keep reading",
    "frequently bought",
    "customers who",
    "explore more",
    "more topics from",
];
/// What comes after a text.
const AFTER: &[&str] = &[
    "comments",
    "leave a reply",
    "leave a comment",
    "about the author",
    "about author",
    "post a comment",
    "on this page",
    "in this article",
    "table of contents",
];
const AFTER_STARTS: &[&str] = &[
    "leave a reply",
    "leave a comment",
    "about the author",
    "post a comment",
    "join the conversation",
    "share your thoughts",
];
