//! How right a text is.

use std::collections::HashMap;

use crate::pages::Page;

/// Sums over pages.
#[derive(Default, Clone)]
pub(crate) struct Score {
    pages: f64,
    f1: f64,
    found: f64,
    wanted: f64,
    kept_out: f64,
    unwanted: f64,
}

impl Score {
    pub(crate) fn add(&mut self, page: &Page, text: &str) {
        self.pages += 1.0;
        self.f1 += f1(text, &page.content);
        let plain = plain(text);
        let holds = |snippet: &&String| plain.contains(&self::plain(snippet));
        self.found += count(page.with.iter().filter(holds).count());
        self.wanted += count(page.with.len());
        self.kept_out += count(page.without.iter().filter(|snippet| !holds(snippet)).count());
        self.unwanted += count(page.without.len());
    }

    /// Mean of the pages' F1.
    pub(crate) fn f1(&self) -> f64 {
        self.f1 / self.pages
    }

    /// Share of the snippets that must be there and are.
    pub(crate) fn with(&self) -> f64 {
        self.found / self.wanted
    }

    /// Share of the snippets that must not be there and are not.
    pub(crate) fn without(&self) -> f64 {
        self.kept_out / self.unwanted
    }
}

/// F1 of two texts as multisets of words in lower case.
pub(crate) fn f1(text: &str, truth: &str) -> f64 {
    let (text, truth) = (words(text), words(truth));
    let (all, wanted): (usize, usize) = (text.values().sum(), truth.values().sum());
    let common: usize =
        text.iter().map(|(word, times)| (*times).min(truth.get(word).copied().unwrap_or(0))).sum();
    if all + wanted == 0 { 1.0 } else { 2.0 * count(common) / count(all + wanted) }
}

fn words(text: &str) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    let lower = text.to_lowercase();
    for word in lower
        .split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .filter(|word| !word.is_empty())
    {
        *words.entry(word.to_owned()).or_insert(0) += 1;
    }
    words
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}
