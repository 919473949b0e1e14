//! What kind of page this is: by what it says of itself, then by its address, then by its shape.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    flat::Flat,
    json_ld::Things,
    weight::{Weights, ratio},
};

/// The kinds of pages that are read differently.
#[derive(schemars::JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageType {
    /// One text: news, a post, an essay.
    Article,
    /// A page of a manual, a wiki, a reference.
    Documentation,
    /// A discussion: the posts are the content.
    Forum,
    /// One thing for sale.
    Product,
    /// Things for sale.
    Collection,
    /// Entries that lead elsewhere: news, jobs, results, rankings.
    Listing,
    /// What an organisation offers, a landing page, a home page.
    Service,
}

impl PageType {
    /// Whether readers' comments are not part of the page's content.
    pub(crate) fn drops_discussion(self) -> bool {
        !matches!(self, Self::Forum)
    }

    /// Whether the content is one text, held closely by one element.
    pub(crate) fn is_one_text(self) -> bool {
        matches!(self, Self::Article | Self::Documentation)
    }
}

/// Decides by the first that speaks.
pub(crate) fn classify(flat: &Flat<'_>, weights: &Weights, url: Option<&Url>, things: &Things) -> PageType {
    by_generator(flat)
        .or_else(|| url.and_then(by_forum_address))
        .or_else(|| by_declaration(flat, things))
        .or_else(|| url.and_then(by_address))
        .unwrap_or_else(|| by_shape(flat, weights))
}

/// The program that made the page.
fn by_generator(flat: &Flat<'_>) -> Option<PageType> {
    const FORUMS: [&str; 9] = [
        "discourse",
        "phpbb",
        "vbulletin",
        "xenforo",
        "flarum",
        "nodebb",
        "mybb",
        "vanilla",
        "simple machines",
    ];
    const MANUALS: [&str; 11] = [
        "docusaurus",
        "sphinx",
        "mkdocs",
        "mediawiki",
        "gitbook",
        "vuepress",
        "vitepress",
        "doxygen",
        "javadoc",
        "mdbook",
        "readme.io",
    ];
    let generator = meta(flat, "generator")?.to_ascii_lowercase();
    if FORUMS.iter().any(|name| generator.contains(name)) {
        Some(PageType::Forum)
    } else {
        MANUALS.iter().any(|name| generator.contains(name)).then_some(PageType::Documentation)
    }
}

fn by_forum_address(url: &Url) -> Option<PageType> {
    let (host, path) = (url.host_str().unwrap_or_default(), url.path().to_ascii_lowercase());
    let place = host.starts_with("forum") || host.starts_with("community.") || host.starts_with("discuss");
    const THREADS: [&str; 10] = [
        "viewtopic",
        "showthread",
        "/threads/",
        "/thread/",
        "/discussion/",
        "/topic/",
        "/forum/",
        "/forums/",
        "/boards/",
        "/questions/",
    ];
    let thread = THREADS.iter().any(|part| path.contains(part));
    let topic_number = thread && path.bytes().any(|byte| byte.is_ascii_digit()) || path.contains("viewtopic");
    let discourse = path.starts_with("/t/");
    (topic_number || discourse && place || (place && thread)).then_some(PageType::Forum)
}

/// Schema.org types and Open Graph.
fn by_declaration(flat: &Flat<'_>, things: &Things) -> Option<PageType> {
    let has = |names: &[&str]| things.has_type(names) || has_item(flat, names);
    if has(&["DiscussionForumPosting", "QAPage"]) {
        return Some(PageType::Forum);
    }
    let products = things.count(&["Product", "ProductGroup"]) + count_items(flat, "Product");
    let kind = meta(flat, "og:type").unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("product") && !kind.contains("group")
        || products == 1 && !has(&["CollectionPage", "ItemList", "Article", "BlogPosting"])
    {
        return Some(PageType::Product);
    }
    if products > 2 {
        return Some(PageType::Collection);
    }
    if has(&["TechArticle", "APIReference"]) {
        return Some(PageType::Documentation);
    }
    let article = has(&[
        "Article",
        "NewsArticle",
        "BlogPosting",
        "ReportageNewsArticle",
        "OpinionNewsArticle",
        "Recipe",
        "HowTo",
    ]);
    (article || kind == "article" && meta(flat, "article:published_time").is_some())
        .then_some(PageType::Article)
}

fn by_address(url: &Url) -> Option<PageType> {
    let (host, path) = (url.host_str().unwrap_or_default(), url.path().to_ascii_lowercase());
    let any = |parts: &[&str]| parts.iter().any(|part| path.contains(part));
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if host.starts_with("docs.")
        || host.starts_with("wiki.")
        || host.starts_with("developer.")
        || any(&[
            "/docs/",
            "/doc/",
            "/wiki/",
            "/documentation/",
            "/reference/",
            "/manual/",
            "/tutorial/",
            "/userguide/",
        ])
    {
        return Some(PageType::Documentation);
    }
    if any(&["/collections/", "/product-category/", "/category/", "/shop-by"]) && !any(&["/products/"]) {
        return Some(PageType::Collection);
    }
    if any(&["/product/", "/products/", "/dp/", "/p/", "/itm/", "/shop/"]) {
        return Some(PageType::Product);
    }
    if any(&["/blog/", "/news/", "/article", "/story/", "/post/", "/stories/", "/guides/", "/guide/"])
        && last.matches('-').count() >= 2
    {
        return Some(PageType::Article);
    }
    if is_dated(&path) {
        return Some(PageType::Article);
    }
    if any(&["/service", "/solutions/"]) {
        return Some(PageType::Service);
    }
    None
}

/// `/2026/02/...`, with something after it.
fn is_dated(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let digits =
        |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.windows(3).any(|parts| digits(parts[0], 4) && digits(parts[1], 2) && parts[0].starts_with("20"))
}

/// The shape alone: one long text, many things with prices, many links, or else a page that presents something.
fn by_shape(flat: &Flat<'_>, weights: &Weights) -> PageType {
    let all = weights.inside(flat, 0);
    let prices =
        flat.entries.iter().filter_map(super::flat::Entry::text).filter(|text| is_price(text)).count();
    if prices >= 6 && all.prose < 1500 {
        PageType::Collection
    } else if all.prose > 400 && ratio(all.prose, all.words) > 0.6 {
        PageType::Article
    } else if all.link_share() > 0.55 {
        PageType::Listing
    } else {
        PageType::Service
    }
}

fn is_price(text: &str) -> bool {
    let text = text.trim();
    text.len() < 16 && text.starts_with(['$', '€', '£']) && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// The content of the first `meta` with that name or property.
pub(crate) fn meta<'a>(flat: &Flat<'a>, name: &str) -> Option<&'a str> {
    flat.entries.iter().filter(|entry| entry.name() == "meta").find_map(|entry| {
        let key = entry.attr("property").or_else(|| entry.attr("name")).or_else(|| entry.attr("itemprop"))?;
        key.eq_ignore_ascii_case(name).then(|| entry.attr("content")).flatten()
    })
}

fn items<'s>(flat: &'s Flat<'_>) -> impl Iterator<Item = &'s str> {
    let kinds = flat.entries.iter().filter_map(|entry| entry.attr("itemtype"));
    kinds.filter_map(|kind| kind.trim_end_matches('/').rsplit('/').next())
}

fn has_item(flat: &Flat<'_>, names: &[&str]) -> bool {
    items(flat).any(|item| names.contains(&item))
}

fn count_items(flat: &Flat<'_>, name: &str) -> usize {
    items(flat).filter(|item| *item == name).count()
}
