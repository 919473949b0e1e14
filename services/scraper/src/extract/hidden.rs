//! What a page holds and does not show.

use scraper::node::Element;

use super::noise::tokens;

/// Whether an element does not show, and no click on a tab or an accordion would show it.
pub(crate) fn is_hidden(element: &Element) -> bool {
    (declared(element) || styled(element) || element.classes().any(hides)) && !folds(element)
}

fn declared(element: &Element) -> bool {
    element.attr("hidden").is_some_and(|value| value != "until-found")
        || element.attr("aria-hidden") == Some("true")
}

fn styled(element: &Element) -> bool {
    let Some(style) = element.attr("style") else { return false };
    let style: String = style.chars().filter(|letter| !letter.is_whitespace()).collect();
    let style = style.to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// What the common style sheets call hidden text, and text for screen readers alone.
fn hides(class: &str) -> bool {
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
            | "d-none"
    )
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
