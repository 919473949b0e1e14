//! Markdown of a stranger's page, as a document that can do nothing: no script, no address that is loaded, no markup but Markdown's own.

use maud::{DOCTYPE, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html::push_html};

const STYLE: &str = "body { font: 1rem/1.5 system-ui, sans-serif; margin: 1rem; overflow-wrap: anywhere; color-scheme: light dark } \
    pre { overflow-x: auto } table { border-collapse: collapse } th, td { border: 1px solid #8884; padding: 0.2rem 0.5rem } \
    blockquote { margin-left: 0; padding-left: 1rem; border-left: 3px solid #8884 }";

/// What the frame may load, whatever its Markdown says: nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The document for a sandboxed frame.
pub(super) fn document(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut body = String::new();
    push_html(&mut body, Parser::new_ext(markdown, options).map(harmless));
    let page = html! {
        (DOCTYPE)
        meta charset="utf-8";
        meta http-equiv="Content-Security-Policy" content=(POLICY);
        base target="_blank";
        style { (PreEscaped(STYLE)) }
        (PreEscaped(body))
    };
    page.into_string()
}

/// A picture is its description, HTML is text, and a link leads to the web or nowhere.
fn harmless(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(markup) | Event::InlineHtml(markup) => Event::Text(markup),
        Event::Start(Tag::Image { .. }) => Event::Text(CowStr::Borrowed("[picture: ")),
        Event::End(TagEnd::Image) => Event::Text(CowStr::Borrowed("]")),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let web = dest_url.starts_with("http://") || dest_url.starts_with("https://");
            let dest_url = if web { dest_url } else { CowStr::Borrowed("") };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        event => event,
    }
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn markdown_is_shown() {
        let shown = document("# Pumps\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[more](https://pumps.example/)");
        for part in ["<h1>Pumps</h1>", "<td>1</td>", "<a href=\"https://pumps.example/\">more</a>"] {
            assert!(shown.contains(part), "{part} missing in {shown}");
        }
    }

    #[test]
    fn what_a_page_slips_in_is_text() {
        let shown = document(
            "<script>steal()</script>\n\nA <img src=x onerror=steal()> ![eye](https://spy.example/p.gif) [go](javascript:steal()) [in](data:text/html,x)",
        );
        for part in ["<script", "<img", "spy.example", "javascript:", "data:"] {
            assert!(!shown.contains(part), "{part} in {shown}");
        }
        assert!(shown.contains("steal()") && shown.contains("[picture: eye]"), "{shown}");
    }
}
