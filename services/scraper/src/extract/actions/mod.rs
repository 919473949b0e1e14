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
    if is_rights(text) || is_credit(text) || page == PageType::Article && is_byline(text) {
        return true;
    }
    if text.len() > 48 {
        return false;
    }
    let label = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    if label.is_empty() {
        return false;
    }
    LABELS.contains(&label)
        || label.ends_with("min read")
        || label.ends_with("minute read")
        || is_slide(label)
        || ["refine by", "filter by", "sort by"].iter().any(|start| label.starts_with(start))
        || page == PageType::Forum && is_post_furniture(label)
        || is_count(label)
}

/// "Image 2 of 5": what a carousel calls its pictures.
fn is_slide(label: &str) -> bool {
    let mut words = label.split(' ');
    matches!(words.next(), Some("image" | "slide" | "photo" | "picture" | "item" | "page"))
        && words.next().is_some_and(|word| word.parse::<u16>().is_ok())
        && matches!(words.next(), Some("of" | "/"))
        && words.next().is_some_and(|word| word.parse::<u16>().is_ok())
        && words.next().is_none()
}

/// What a forum prints beside every post about its writer.
fn is_post_furniture(label: &str) -> bool {
    const STARTS: &[&str] = &[
        "posts:",
        "joined:",
        "location:",
        "join date",
        "messages:",
        "reaction score",
        "reputation:",
        "threads:",
    ];
    const COUNTED: [&str; 9] =
        ["posts", "replies", "likes", "views", "votes", "solutions", "reputation", "topics", "yr"];
    let counts = label.starts_with(|letter: char| letter.is_ascii_digit())
        && COUNTED.iter().any(|what| label.ends_with(what));
    STARTS.iter().any(|start| label.starts_with(start))
        || FORUM_LABELS.contains(&label)
        || counts && count_words(label) <= 3
}

/// "(c) 2026 Somebody. All rights reserved."
fn is_rights(text: &str) -> bool {
    let claims = text.starts_with('\u{a9}')
        || text.starts_with("copyright \u{a9}")
        || text.contains("all rights reserved")
        || text.contains("trademarks of");
    claims && count_words(text) < 60
}

/// Whose picture it is.
fn is_credit(text: &str) -> bool {
    const STARTS: &[&str] = &[
        "image by ",
        "photo by ",
        "photograph by ",
        "photo credit",
        "image credit",
        "photo: ",
        "credit: ",
        "image: ",
        "image source",
    ];
    const AGENCIES: &[&str] = &["getty images", "shutterstock", "istock", "adobe.com", "alamy", "ap photo"];
    let words = count_words(text);
    words <= 14 && STARTS.iter().any(|start| text.starts_with(start))
        || words <= 9 && AGENCIES.iter().any(|agency| text.contains(agency))
}

/// Who wrote it and when, and what it is filed under.
fn is_byline(text: &str) -> bool {
    const STARTS: &[&str] = &[
        "by ",
        "written by ",
        "published ",
        "published:",
        "updated ",
        "updated:",
        "updated on",
        "last updated",
        "posted on",
        "posted by",
        "tags:",
        "filed under",
        "posted in",
    ];
    const MONTHS: &[&str] =
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let words = count_words(text);
    let month = text
        .split(|letter: char| !letter.is_alphabetic())
        .any(|word| word.len() >= 3 && MONTHS.contains(&&word[..word.floor_char_boundary(3)]));
    let year = text
        .split(|letter: char| !letter.is_ascii_digit())
        .any(|digits| digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20")));
    words <= 9 && STARTS.iter().any(|start| text.starts_with(start)) || words <= 5 && month && year
}

/// "1 - 12 of 27 products", "33 results", "showing 1 to 24".
fn is_count(label: &str) -> bool {
    let ends = ["products", "results", "items"].iter().any(|end| label.ends_with(end));
    (ends && label.starts_with(|letter: char| letter.is_ascii_digit()) && count_words(label) <= 6)
        || (label.starts_with("showing ") && label.bytes().any(|byte| byte.is_ascii_digit()))
}
