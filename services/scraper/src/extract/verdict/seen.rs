//! What a reader sees of a page, and what its markup holds that tells what it is.

use url::Url;

use super::super::{
    content,
    dom::Dom,
    flat::Flat,
    json_ld::Things,
    page_type,
    weight::{Weights, count_words},
};

/// Phrases are looked for in this much of the text.
const LOOKED_AT: usize = 8_000;

/// A page, read once for all signs. Texts are in lower case, with single spaces.
pub(super) struct Seen {
    /// The title element.
    pub(super) title: String,
    /// The first-rank headings, and where there are none the second-rank ones.
    pub(super) headings: Vec<String>,
    /// All visible text, from the start.
    pub(super) text: String,
    /// Words a reader sees.
    pub(super) words: u32,
    /// Of these, in the content.
    pub(super) content_words: u32,
    /// Of these, in sentences.
    pub(super) prose: u32,
    /// Addresses of scripts, frames and forms.
    pub(super) sources: String,
    pub(super) asks_password: bool,
    /// An empty element that scripts fill.
    pub(super) is_shell: bool,
    /// The page says of itself that readers must pay (schema.org `isAccessibleForFree`).
    pub(super) declares_paywall: bool,
    /// Text for readers without scripts.
    pub(super) noscript: String,
}

impl Seen {
    pub(super) fn of(dom: &Dom, url: &Url) -> Self {
        let flat = Flat::of(dom.html());
        let things = Things::of(&flat);
        let (readable, _) = content::readable(&flat);
        let weights = Weights::of(&flat, &readable);
        let all = weights.inside(&flat, 0);
        let kind = page_type::classify(&flat, &weights, Some(url), &things);
        let content = content::select(&flat, readable.clone(), kind);
        let shown = Weights::of(&flat, &content.gone).inside(&flat, content.root);
        let entries = || flat.entries.iter();
        Self {
            title: joined(&flat, &vec![false; flat.entries.len()], flat.named(0, "title").next()),
            headings: headings(&flat, &readable),
            text: text(&flat, &readable),
            words: all.words,
            content_words: shown.words,
            prose: all.prose,
            sources: entries()
                .filter_map(|entry| entry.attr("src").or_else(|| entry.attr("action")))
                .collect::<Vec<_>>()
                .join(" ")
                .to_lowercase(),
            asks_password: entries().any(|entry| {
                entry.name() == "input"
                    && entry.attr("type").is_some_and(|kind| kind.eq_ignore_ascii_case("password"))
            }),
            is_shell: (0..flat.entries.len()).any(|at| is_shell(&flat, at)),
            declares_paywall: things
                .all()
                .iter()
                .any(|thing| thing.get("isAccessibleForFree").is_some_and(is_false)),
            noscript: noscript(&flat),
        }
    }

    /// Whether the page has so little content that a notice on it is what it is about.
    pub(super) fn is_brief(&self, words: u32) -> bool {
        self.content_words < words && self.words < words * 4
    }

    /// The title and the headings: what the page says it is.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.title.as_str()).chain(self.headings.iter().map(String::as_str))
    }
}

fn is_false(value: &serde_json::Value) -> bool {
    value == &serde_json::Value::Bool(false)
        || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false"))
}

fn joined(flat: &Flat<'_>, gone: &[bool], at: Option<usize>) -> String {
    at.map(|at| flat.phrase(at, gone, 40).to_lowercase()).unwrap_or_default()
}

fn headings(flat: &Flat<'_>, gone: &[bool]) -> Vec<String> {
    let of = |name: &'static str| {
        flat.named(0, name)
            .map(|at| joined(flat, gone, Some(at)))
            .filter(|text| !text.is_empty())
            .take(3)
            .collect::<Vec<_>>()
    };
    let first = of("h1");
    if first.is_empty() { of("h2") } else { first }
}

fn text(flat: &Flat<'_>, gone: &[bool]) -> String {
    let (mut text, body) = (String::new(), flat.named(0, "body").next().unwrap_or(0));
    for word in flat.words(body, gone) {
        text.push_str(&word.to_lowercase());
        text.push(' ');
        if text.len() > LOOKED_AT {
            break;
        }
    }
    text.replace('\u{2019}', "'")
}

fn is_shell(flat: &Flat<'_>, at: usize) -> bool {
    const ROOTS: [&str; 9] =
        ["root", "app", "__next", "__nuxt", "react-root", "app-root", "main-app", "svelte", "q-app"];
    let entry = &flat.entries[at];
    let named = entry.attr("id").is_some_and(|id| ROOTS.contains(&id)) || entry.name() == "app-root";
    named && count_words(&flat.phrase(at, &vec![false; flat.entries.len()], 5)) < 3
}

fn noscript(flat: &Flat<'_>) -> String {
    let none = vec![false; flat.entries.len()];
    let texts = flat.named(0, "noscript").map(|at| joined(flat, &none, Some(at)));
    texts.collect::<Vec<_>>().join(" ").replace('\u{2019}', "'")
}
