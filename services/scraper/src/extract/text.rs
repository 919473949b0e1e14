//! Content as plain text: a line for each block, a space between cells. A picture is not in it, and so its caption is not either.

use super::{
    content::Content,
    flat::{Flat, is_block},
};

/// The text of what is left of the page.
pub(crate) fn render(flat: &Flat<'_>, content: &Content) -> String {
    let mut out = Writer::default();
    let (mut open, mut captioned): (Vec<usize>, usize) = (Vec::new(), 0);
    for at in content.root..flat.entries[content.root].end {
        while open.last().is_some_and(|end| *end <= at) {
            open.pop();
            out.line();
        }
        if at < captioned || content.gone[at] {
            continue;
        }
        let entry = &flat.entries[at];
        if is_caption(flat, at) {
            captioned = entry.end;
            continue;
        }
        if let Some(text) = entry.text() {
            let preformatted = flat.ancestors(at).any(|outer| flat.entries[outer].name() == "pre");
            if preformatted { out.raw(text) } else { out.words(text) }
        } else if entry.name() == "br" {
            out.line();
        } else if is_block(entry.name()) {
            if matches!(entry.name(), "td" | "th") && flat.entries[entry.parent].name() == "tr" {
                out.words(" ");
            } else {
                out.line();
                open.push(entry.end);
            }
        }
    }
    out.text.trim().to_owned()
}

/// What stands under a picture about it.
fn is_caption(flat: &Flat<'_>, at: usize) -> bool {
    let entry = &flat.entries[at];
    let pictured = |name| flat.named(entry.parent, name).next().is_some();
    entry.name() == "figcaption" && (pictured("img") || pictured("video"))
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn line(&mut self) {
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn words(&mut self, text: &str) {
        for letter in text.chars() {
            if !letter.is_whitespace() {
                self.text.push(letter);
            } else if !(self.text.is_empty() || self.text.ends_with([' ', '\n'])) {
                self.text.push(' ');
            }
        }
    }

    fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }
}
