//! What a post quotes of an earlier post: forums of every make print it again above the answer.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{content::remove, flat::Flat, noise};

/// Words that must follow each other alike.
const RUN: usize = 3;
/// Quotations looked at within each other: a page may nest them deeper to cost time.
const NESTED: usize = 3;

/// Removes quotations most of which already stood on the page. What is quoted from elsewhere stays.
pub(crate) fn drop_repeated(flat: &Flat<'_>, gone: &mut [bool], root: usize) {
    let (mut said, mut before) = (HashSet::new(), root);
    let mut open: Vec<usize> = Vec::new();
    for at in root + 1..flat.entries[root].end {
        if gone[at] || !is_quote(flat, at) {
            continue;
        }
        open.retain(|end| *end > at);
        if open.len() == NESTED {
            continue;
        }
        open.push(flat.entries[at].end);
        said.extend(runs(&words(flat, gone, before..at)));
        before = at;
        let quoted = runs(&words(flat, gone, at..flat.entries[at].end));
        let known = quoted.iter().filter(|run| said.contains(*run)).count();
        if known > 0 && known * 2 >= quoted.len() {
            remove(flat, gone, at);
        }
    }
}

fn is_quote(flat: &Flat<'_>, at: usize) -> bool {
    let called = |token: String| matches!(token.as_str(), "quote" | "blockquote");
    match flat.entries[at].name() {
        "blockquote" => true,
        "aside" | "div" => {
            flat.entries[at].element().is_some_and(|element| noise::tokens(element).any(called))
        }
        _ => false,
    }
}

fn words(flat: &Flat<'_>, gone: &[bool], range: std::ops::Range<usize>) -> Vec<String> {
    let texts = range.filter(|at| !gone[*at]).filter_map(|at| flat.entries[at].text());
    texts.flat_map(str::split_whitespace).map(str::to_lowercase).collect()
}

fn runs(words: &[String]) -> Vec<u64> {
    let hash = |run: &[String]| {
        let mut hasher = DefaultHasher::new();
        run.hash(&mut hasher);
        hasher.finish()
    };
    words.windows(RUN).map(hash).collect()
}
