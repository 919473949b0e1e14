//! Labels of what a reader can do, not read: they say nothing outside a browser.

mod labels;

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use self::labels::{FORUM_LABELS, LABELS, LEADS, LEGAL};
use super::{
    content::remove,
    flat::{Flat, is_block},
    page_type::PageType,
    weight::count_words,
};

/// Removes labels of actions, and a long block that already stood on the page.
pub(crate) fn drop_actions(flat: &Flat<'_>, gone: &mut [bool], root: usize, page: PageType) {
    let mut seen = HashSet::new();
    for at in root + 1..flat.entries[root].end {
        let entry = &flat.entries[at];
        if gone[at] || entry.element().is_none() || entry.end - at > 40 || is_code(flat, at) {
            continue;
        }
        let leaf = !(at + 1..entry.end).any(|inner| !gone[inner] && is_block(flat.entries[inner].name()));
        if !leaf
            || !(is_block(entry.name())
                || matches!(entry.name(), "a" | "span" | "button" | "label" | "strong" | "em" | "small"))
        {
            continue;
        }
        let Some(text) = plain(flat, gone, at) else { continue };
        if is_action(&text, page)
            || (leads_on(&text) || LEGAL.contains(&text.as_str())) && in_link(flat, at)
            || is_block(entry.name()) && repeats(&text, entry.name(), &mut seen)
        {
            remove(flat, gone, at);
        }
    }
}

fn is_code(flat: &Flat<'_>, at: usize) -> bool {
    flat.entries[at].name() == "pre"
        || flat.ancestors(at).take(6).any(|outer| flat.entries[outer].name() == "pre")
}

/// Pages carry a text twice, once for wide and once for narrow screens.
fn repeats(text: &str, name: &str, seen: &mut HashSet<u64>) -> bool {
    if matches!(name, "td" | "th" | "tr" | "h1" | "h2" | "h3" | "h4") || count_words(text) < 8 {
        return false;
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    !seen.insert(hasher.finish())
}

fn plain(flat: &Flat<'_>, gone: &[bool], at: usize) -> Option<String> {
    let text = flat.phrase(at, gone, usize::MAX);
    (!text.is_empty()).then(|| text.to_lowercase())
}

fn in_link(flat: &Flat<'_>, at: usize) -> bool {
    let link = |at: usize| matches!(flat.entries[at].name(), "a" | "button");
    link(at) || flat.ancestors(at).take(3).any(link)
}

/// "Learn more about our services", under a text about them.
fn leads_on(text: &str) -> bool {
    text.len() <= 64 && LEADS.iter().any(|start| text.starts_with(start))
}

fn is_action(text: &str, page: PageType) -> bool {
    if is_rights(text) {
        return true;
    }
    if text.len() > 48 {
        return false;
    }
    let label = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    if label.is_empty() {
        return false;
    }
    LABELS.contains(&label) || page == PageType::Forum && is_post_furniture(label)
}

/// What a forum prints beside every post about its writer.
fn is_post_furniture(label: &str) -> bool {
    const COUNTED: [&str; 9] =
        ["posts", "replies", "likes", "views", "votes", "solutions", "reputation", "topics", "yr"];
    let counts = label.starts_with(|letter: char| letter.is_ascii_digit())
        && COUNTED.iter().any(|what| label.ends_with(what));
    FORUM_LABELS.contains(&label) || counts && count_words(label) <= 3
}

/// "(c) 2026 Somebody. All rights reserved."
fn is_rights(text: &str) -> bool {
    let claims = text.starts_with('\u{a9}')
        || text.starts_with("copyright \u{a9}")
        || text.contains("all rights reserved");
    claims && count_words(text) < 60
}
