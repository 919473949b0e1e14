//! Content as HTML without styling, scripts and handlers.

use url::Url;

use super::{address, content::Content, flat::Flat};

/// Elements that keep their name; others leave only what they hold.
const KEPT: &[&str] = &[
    "a",
    "abbr",
    "article",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "strong",
    "sub",
    "summary",
    "sup",
    "time",
    "ul",
    "var",
    "table",
];
const OF_TABLES: &[&str] = &["tbody", "td", "tfoot", "th", "thead", "tr"];

/// The elements of what is left of the page.
pub(crate) fn render(flat: &Flat<'_>, content: &Content, base: Option<&Url>) -> String {
    let mut out = String::new();
    let mut open: Vec<(usize, &str)> = Vec::new();
    for at in content.root..flat.entries[content.root].end {
        close(&mut open, at, &mut out);
        if content.gone[at] {
            continue;
        }
        let entry = &flat.entries[at];
        if let Some(text) = entry.text() {
            escape(text, &mut out);
        } else if KEPT.contains(&entry.name()) || OF_TABLES.contains(&entry.name()) {
            start(flat, at, base, &mut out);
            if !matches!(entry.name(), "br" | "hr" | "img" | "col") {
                open.push((entry.end, entry.name()));
            }
        }
    }
    close(&mut open, usize::MAX, &mut out);
    out.trim().to_owned()
}

fn close(open: &mut Vec<(usize, &str)>, at: usize, out: &mut String) {
    while let Some((_, name)) = open.pop_if(|(end, _)| *end <= at) {
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
}

fn start(flat: &Flat<'_>, at: usize, base: Option<&Url>, out: &mut String) {
    let entry = &flat.entries[at];
    out.push('<');
    out.push_str(entry.name());
    for name in ["href", "src", "alt", "title", "colspan", "rowspan", "start", "datetime", "lang"] {
        let Some(value) = entry.attr(name) else { continue };
        let address = matches!(name, "href" | "src");
        let value =
            if address { address::absolute(base, value).map(String::from) } else { Some(value.to_owned()) };
        if let Some(value) = value {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(&value, out);
            out.push('"');
        }
    }
    out.push('>');
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
}
