//! What the page says of itself: title, author, dates, language, Open Graph, JSON-LD.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use super::{address, flat::Flat, json_ld::Things, page_type::meta};

/// Declared by the page; nothing here is checked.
#[derive(schemars::JsonSchema, Debug, Clone, Default, Serialize)]
pub struct Metadata {
    /// Open Graph, else JSON-LD, else the first heading, else the title element.
    pub title: Option<String>,
    /// In a sentence or two.
    pub description: Option<String>,
    /// Names of the authors.
    pub authors: Vec<String>,
    /// As the page writes it, mostly ISO 8601.
    pub published: Option<String>,
    /// As the page writes it, mostly ISO 8601.
    pub modified: Option<String>,
    /// BCP 47, as the page writes it.
    pub language: Option<String>,
    /// The site's name.
    pub site_name: Option<String>,
    /// The address that the page prefers.
    pub canonical: Option<String>,
    /// A picture for the page.
    pub image: Option<String>,
    /// Open Graph's properties without `og:`; the first of each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub open_graph: BTreeMap<String, String>,
    /// The objects at the top of the page's JSON-LD.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json_ld: Vec<Map<String, Value>>,
}

impl Metadata {
    pub(crate) fn of(flat: &Flat<'_>, things: &Things, base: Option<&Url>) -> Self {
        let declared = |names: &[&str]| names.iter().find_map(|name| meta(flat, name)).and_then(clean);
        let thing = |keys: &[&str]| {
            keys.iter()
                .find_map(|key| things.top().iter().find_map(|thing| clean(thing.get(*key)?.as_str()?)))
        };
        let element = |name: &str| flat.named(0, name).find_map(|at| clean(&text(flat, at)));
        let link = |url: String| address::absolute(base, &url).map(String::from);
        let canonical = flat.named(0, "link").find(|at| flat.entries[*at].attr("rel") == Some("canonical"));
        Self {
            title: declared(&["og:title"])
                .or_else(|| thing(&["headline"]))
                .or_else(|| element("h1"))
                .or_else(|| element("title")),
            description: declared(&["og:description", "description", "twitter:description"])
                .or_else(|| thing(&["description"])),
            authors: authors(flat, things),
            published: declared(&[
                "article:published_time",
                "datePublished",
                "date",
                "dc.date",
                "dcterms.created",
            ])
            .or_else(|| thing(&["datePublished", "dateCreated", "uploadDate"]))
            .or_else(|| time(flat)),
            modified: declared(&["article:modified_time", "dateModified", "og:updated_time"])
                .or_else(|| thing(&["dateModified"])),
            language: language(flat),
            site_name: declared(&["og:site_name", "application-name"]),
            canonical: canonical
                .and_then(|at| flat.entries[at].attr("href"))
                .and_then(|href| link(href.to_owned())),
            image: declared(&["og:image", "twitter:image"]).and_then(link),
            open_graph: open_graph(flat),
            json_ld: things.top().to_vec(),
        }
    }
}

fn clean(text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

fn text(flat: &Flat<'_>, at: usize) -> String {
    (at..flat.entries[at].end).filter_map(|inner| flat.entries[inner].text()).collect()
}

fn language(flat: &Flat<'_>) -> Option<String> {
    let declared = flat.entries.first().and_then(|html| html.attr("lang").or_else(|| html.attr("xml:lang")));
    declared
        .or_else(|| meta(flat, "og:locale"))
        .or_else(|| meta(flat, "language"))
        .and_then(clean)
        .map(|tag| tag.replace('_', "-"))
}

fn time(flat: &Flat<'_>) -> Option<String> {
    flat.named(0, "time").find_map(|at| flat.entries[at].attr("datetime")).and_then(clean)
}

fn authors(flat: &Flat<'_>, things: &Things) -> Vec<String> {
    let mut authors: Vec<String> =
        things.top().iter().filter_map(|thing| thing.get("author")).flat_map(names).collect();
    if authors.is_empty() {
        let declared = ["author", "article:author", "dc.creator", "parsely-author"]
            .iter()
            .filter_map(|name| meta(flat, name));
        authors = declared.filter_map(clean).filter(|name| !name.starts_with("http")).take(1).collect();
    }
    if authors.is_empty() {
        let linked = flat.named(0, "a").filter(|at| flat.entries[*at].attr("rel") == Some("author"));
        authors = linked.filter_map(|at| clean(&text(flat, at))).take(1).collect();
    }
    let mut seen = std::collections::HashSet::new();
    authors.retain(|name| seen.insert(name.clone()));
    authors
}

/// JSON-LD names an author by text, by object, or by a list of either.
fn names(author: &Value) -> Vec<String> {
    match author {
        Value::String(name) => clean(name).into_iter().collect(),
        Value::Object(thing) => thing.get("name").map(names).unwrap_or_default(),
        Value::Array(authors) => authors.iter().filter(|author| !author.is_array()).flat_map(names).collect(),
        _ => Vec::new(),
    }
}

fn open_graph(flat: &Flat<'_>) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::new();
    for at in flat.named(0, "meta") {
        let entry = &flat.entries[at];
        let name = entry.attr("property").and_then(|name| name.strip_prefix("og:"));
        if let (Some(name), Some(content)) = (name, entry.attr("content").and_then(clean)) {
            properties.entry(name.to_owned()).or_insert(content);
        }
    }
    properties
}
