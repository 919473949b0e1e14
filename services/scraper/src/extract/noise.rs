//! What the markup itself says is not content: its element, its role, its class and id.

use scraper::node::Element;

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

/// A control whose label is an action, not text; a button that unfolds a section is that section's heading.
pub(crate) fn is_action(element: &Element, words: u32) -> bool {
    element.name() == "button" && !(element.attr("aria-expanded").is_some() && words >= 3)
}

/// Why an element does not show.
pub(crate) fn is_hidden(element: &Element) -> bool {
    if element.attr("hidden").is_some_and(|value| value != "until-found") {
        return !folds(element);
    }
    if let Some(style) = element.attr("style") {
        let style: String =
            style.chars().filter(|letter| !letter.is_whitespace()).collect::<String>().to_ascii_lowercase();
        let shown = |rule: &str| !style.contains(rule);
        if !(shown("display:none") && shown("visibility:hidden")) {
            return !folds(element);
        }
    }
    if element.attr("aria-hidden") == Some("true") {
        return !folds(element);
    }
    element.classes().any(|class| {
        matches!(
            class,
            "sr-only"
                | "visually-hidden"
                | "visuallyhidden"
                | "screen-reader-text"
                | "screen-reader-only"
                | "sr-text"
                | "u-visually-hidden"
                | "a11y-hidden"
                | "element-invisible"
                | "assistive-text"
                | "hide-accessible"
                | "skip-link"
                | "visuallyHidden"
                | "hidden"
        )
    }) && !folds(element)
}

/// A tab or an accordion hides what a click shows: that is content.
fn folds(element: &Element) -> bool {
    const FOLDS: &[&str] = &[
        "tab",
        "tabs",
        "panel",
        "accordion",
        "collapse",
        "faq",
        "answer",
        "toggle",
        "collapsible",
        "expandable",
        "read",
    ];
    matches!(element.attr("role"), Some("tabpanel" | "region"))
        || element.attr("aria-labelledby").is_some()
        || tokens(element).any(|token| FOLDS.contains(&token.as_str()))
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
    named(element, page)
}

/// What class and id say.
fn named(element: &Element, page: PageType) -> Noise {
    let mut found = Noise::None;
    let mut previous = String::new();
    for token in tokens(element) {
        if matches!(previous.as_str(), "has" | "no" | "with" | "is" | "without" | "hide" | "not" | "show") {
            previous = token;
            continue;
        }
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

const CONSENT: &[&str] = &[
    "onetrust",
    "cookiebot",
    "cybot",
    "didomi",
    "usercentrics",
    "cookieconsent",
    "cmplz",
    "truste",
    "quantcast",
    "iubenda",
];

const SURE: &[&str] = &[
    "nav",
    "navbar",
    "navigation",
    "navmenu",
    "subnav",
    "breadcrumb",
    "breadcrumbs",
    "crumbs",
    "cookie",
    "cookies",
    "gdpr",
    "onetrust",
    "newsletter",
    "subscribe",
    "subscription",
    "signup",
    "share",
    "sharing",
    "shares",
    "sharedaddy",
    "addtoany",
    "addthis",
    "sharethis",
    "social",
    "socials",
    "popup",
    "modal",
    "lightbox",
    "advert",
    "adverts",
    "advertisement",
    "ads",
    "adsbygoogle",
    "adslot",
    "sponsored",
    "outbrain",
    "taboola",
    "pagination",
    "pager",
    "paginator",
    "skip",
    "skiplink",
    "login",
    "signin",
    "megamenu",
    "toc",
    "minicart",
    "facets",
    "facet",
    "copyright",
    "masthead",
    "editsection",
    "navbox",
    "dropdown",
    "flyout",
    "credit",
    "credits",
    "signature",
];

const SURE_PAIRS: &[&str] = &[
    "mega-menu",
    "main-menu",
    "mobile-menu",
    "table-contents",
    "of-contents",
    "site-header",
    "site-footer",
    "page-footer",
    "footer-widgets",
    "global-header",
    "post-navigation",
    "post-nav",
    "entry-footer",
    "sign-up",
    "mailing-list",
    "jump-links",
    "cart-drawer",
    "mini-cart",
    "quick-view",
    "filter-bar",
    "sort-by",
    "back-top",
    "to-top",
    "edit-page",
    "search-form",
    "off-canvas",
];

const LIKELY: &[&str] = &[
    "menu",
    "footer",
    "header",
    "sidebar",
    "sidebars",
    "aside",
    "widgets",
    "related",
    "recommended",
    "recommendations",
    "recommendation",
    "recirc",
    "promo",
    "promos",
    "promotion",
    "banner",
    "ad",
    "cta",
    "toolbar",
    "search",
    "filters",
    "filter",
    "sort",
    "tags",
    "taglist",
    "trending",
    "upsell",
    "upsells",
    "crosssell",
    "byline",
    "offcanvas",
    "disclaimer",
    "disclosure",
    "sitemap",
    "authorbox",
    "bio",
    "rating",
    "ratings",
    "print",
    "overlay",
    "consent",
];

const LIKELY_PAIRS: &[&str] = &[
    "widget-area",
    "author-box",
    "author-bio",
    "about-author",
    "you-like",
    "also-like",
    "might-like",
    "read-next",
    "up-next",
    "read-more",
    "more-from",
    "cross-sell",
    "recently-viewed",
    "latest-posts",
    "recent-posts",
    "popular-posts",
    "similar-products",
    "entry-meta",
    "post-meta",
    "article-meta",
    "meta-info",
    "post-tags",
    "post-author",
];

/// Readers' words under somebody's page: noise on an article, content in a forum.
const DISCUSSION: &[&str] = &[
    "comments",
    "comment",
    "respond",
    "disqus",
    "commentlist",
    "livefyre",
    "replies",
    "discussion",
    "webmentions",
];

/// Buyers' words under a product.
const REVIEWS: &[&str] = &["review", "reviews", "testimonial", "testimonials", "ugc", "questions"];

/// The words of class, id and what else names an element, in lower case: `siteHeader-top` is `site`, `header`, `top`.
pub(crate) fn tokens(element: &Element) -> impl Iterator<Item = String> + '_ {
    // A section of a text is called what it is about, and that may be navigation.
    let titled = element.name() == "section" || element.classes().any(|class| class == "section");
    let id = element.attr("id").filter(|_| !titled);
    // Where classes are made by machines, these still say what an element is for.
    let roles =
        ["data-role", "data-testid", "data-component"].into_iter().filter_map(|name| element.attr(name));
    let names = id.into_iter().chain(element.attr("class")).chain(roles);
    names.flat_map(split).take(60)
}

fn split(names: &str) -> Vec<String> {
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
