//! What kind of file came, and the page that it is read as.

use super::pdf;
use crate::extract::decode;

/// A file that text can be got out of.
#[derive(Default)]
pub(super) struct Page {
    /// `text/html`, whatever else the server may have called it.
    pub(super) media_type: String,
    /// How bytes became letters: a name of the WHATWG Encoding Standard.
    pub(super) charset: Option<&'static str>,
    /// What it holds, as letters.
    pub(super) raw: String,
    /// What is extracted from, where that is not `raw`: a text as the page that would show it.
    pub(super) shown: Option<String>,
}

/// Why there is no page.
pub(super) enum NoPage {
    /// No kind that holds text.
    MediaType(String),
    /// Not what it says it is.
    Broken(String),
}

pub(super) const HTML: &str = "text/html";

impl Page {
    /// Reads a file by what it begins with and what it was called.
    pub(super) fn read(bytes: &[u8], content_type: Option<&str>) -> Result<Self, NoPage> {
        let called = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
        let called = called.trim().to_ascii_lowercase();
        if bytes.starts_with(b"%PDF-") {
            let raw = pdf::text(bytes).map_err(NoPage::Broken)?;
            let shown = Some(paragraphs(&raw));
            return Ok(Self { media_type: "application/pdf".to_owned(), charset: None, raw, shown });
        }
        let decoded = decode(bytes, content_type);
        let (charset, raw) = (Some(decoded.encoding), decoded.text);
        match called.as_str() {
            "" | "application/octet-stream" if !is_text(&raw) => {
                Err(NoPage::MediaType("binary data".to_owned()))
            }
            "" | HTML | "application/xhtml+xml" => {
                Ok(Self { media_type: HTML.to_owned(), charset, raw, shown: None })
            }
            kind if kind.ends_with("json") || kind.ends_with("xml") => {
                let shown = Some(format!("<article><pre>{}</pre></article>", escaped(&raw)));
                Ok(Self { media_type: called, charset, raw, shown })
            }
            kind if kind.starts_with("text/") || kind == "application/octet-stream" => {
                let shown = Some(paragraphs(&raw));
                Ok(Self { media_type: called, charset, raw, shown })
            }
            _ => Err(NoPage::MediaType(called)),
        }
    }
}

/// A text as a page: a paragraph for every block of lines.
fn paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    let blocks = blocks.map(|block| format!("<p>{}</p>", escaped(block).replace('\n', "<br>")));
    format!("<article>{}</article>", blocks.collect::<String>())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text has no characters that nothing prints, but those that end lines and pages.
fn is_text(text: &str) -> bool {
    const SAMPLE: usize = 1024;
    !text.chars().take(SAMPLE).any(|c| c.is_control() && !c.is_whitespace())
}
