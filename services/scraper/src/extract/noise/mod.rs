//! What the markup itself says is not content: its element, its role, its class and id.

mod names;

use scraper::node::Element;

use self::names::{CONSENT, DISCUSSION, LIKELY, LIKELY_PAIRS, REVIEWS, SURE, SURE_PAIRS};
use super::page_type::PageType;

/// Elements whose text a reader of the page never reads as text.
pub(crate) fn never_read(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "template"
            | "svg"
            | "iframe"
            | "object"
            | "embed"
            | "canvas"
            | "audio"
            | "video"
            | "select"
            | "option"
            | "input"
            | "textarea"
            | "datalist"
            | "head"
            | "map"
            | "progress"
            | "meter"
    )
}

/// How sure the markup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Noise {
    /// Says nothing.
    None,
    /// A name that noise often has, and content sometimes.
    Likely,
    /// A name or role that only noise has.
    Sure,
    /// The name of a consent manager: noise however much it says.
    Always,
}

/// What the element's name, role, class and id say about it.
pub(crate) fn of(element: &Element, page: PageType) -> Noise {
    match element.name() {
        "nav" | "footer" | "menu" => return Noise::Sure,
        "aside" | "form" | "header" => return Noise::Likely,
        "html" | "body" | "main" | "article" | "h1" | "h2" | "h3" | "pre" | "code" => return Noise::None,
        _ => {}
    }
    match element.attr("role") {
        Some(
            "navigation" | "contentinfo" | "search" | "menu" | "menubar" | "toolbar" | "dialog"
            | "alertdialog" | "tooltip",
        ) => {
            return Noise::Sure;
        }
        Some("banner" | "complementary" | "alert" | "status" | "form") => return Noise::Likely,
        Some("main" | "article") => return Noise::None,
        _ => {}
    }
    if element.attr("itemtype").is_some_and(|kind| kind.ends_with("/BreadcrumbList")) || is_tag(element, page)
    {
        return Noise::Sure;
    }
    named(element, page)
}

/// What the page is filed under; on a list of entries the tags belong to the entries.
fn is_tag(element: &Element, page: PageType) -> bool {
    let files = matches!(page, PageType::Article | PageType::Forum | PageType::Collection);
    files && element.attr("rel").is_some_and(|rel| rel.split_ascii_whitespace().any(|word| word == "tag"))
}

/// What class and id say.
fn named(element: &Element, page: PageType) -> Noise {
    let mut found = Noise::None;
    let mut previous = String::new();
    for token in tokens(element) {
        let pair = format!("{previous}-{token}");
        let here = match token.as_str() {
            token if CONSENT.contains(&token) => return Noise::Always,
            "tags" | "tag" | "filter" | "promo" | "rating" | "ratings" if !page.is_one_text() => Noise::None,
            token if SURE.contains(&token) || SURE_PAIRS.contains(&pair.as_str()) => Noise::Sure,
            token if LIKELY.contains(&token) || LIKELY_PAIRS.contains(&pair.as_str()) => Noise::Likely,
            token if REVIEWS.contains(&token) && page == PageType::Product => Noise::Sure,
            token if DISCUSSION.contains(&token) && page.drops_discussion() => Noise::Sure,
            _ => Noise::None,
        };
        if here > found {
            found = here;
        }
        previous = token;
    }
    found
}

/// The words of class, id and what else names an element, in lower case: `siteHeader-top` is `site`, `header`, `top`.
pub(crate) fn tokens(element: &Element) -> impl Iterator<Item = String> + '_ {
    // A section of a text is called what it is about, and that may be navigation.
    let titled = element.name() == "section" || element.classes().any(|class| class == "section");
    let id = element.attr("id").filter(|_| !titled);
    // Where classes are made by machines, these still say what an element is for.
    let roles =
        ["data-role", "data-testid", "data-component"].into_iter().filter_map(|name| element.attr(name));
    let classes = element.attr("class").unwrap_or_default().split_whitespace();
    let classes = classes.filter(|class| !is_filed_under(class));
    id.into_iter().chain(classes).chain(roles).flat_map(split).take(60)
}

/// The commonest of content systems names a post's categories in its classes: `category-social-media`, `product_cat-cookies`.
fn is_filed_under(class: &str) -> bool {
    const TAXONOMIES: [&str; 5] = ["category-", "tag-", "product_cat-", "product_tag-", "post_tag-"];
    TAXONOMIES.iter().any(|taxonomy| class.starts_with(taxonomy))
}

/// The words that a name is made of, in lower case.
pub(crate) fn split(names: &str) -> Vec<String> {
    let (mut words, mut word, mut lower) = (Vec::new(), String::new(), false);
    for letter in names.chars().take(600) {
        if (!letter.is_alphanumeric() || (lower && letter.is_uppercase())) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        lower = letter.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
