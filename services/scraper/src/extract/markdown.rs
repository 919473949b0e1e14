//! Content as CommonMark with tables.

use url::Url;

use super::{
    address,
    content::Content,
    flat::{Flat, is_block},
    table,
};

/// The markdown of what is left of the page.
pub(crate) fn render(flat: &Flat<'_>, content: &Content, base: Option<&Url>) -> String {
    let writer = Markdown { flat, gone: &content.gone, base };
    let blocks = if is_block(flat.entries[content.root].name()) {
        writer.block(content.root)
    } else {
        vec![writer.inline(content.root)]
    };
    blocks.join("\n\n")
}

pub(crate) struct Markdown<'a> {
    pub(crate) flat: &'a Flat<'a>,
    gone: &'a [bool],
    base: Option<&'a Url>,
}

impl Markdown<'_> {
    /// The blocks that an element makes.
    fn block(&self, at: usize) -> Vec<String> {
        let name = self.flat.entries[at].name();
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = name.bytes().last().map_or(1, |digit| usize::from(digit - b'0'));
                some(self.inline(at).replace("  \n", " "))
                    .map(|text| format!("{} {text}", "#".repeat(level)))
                    .into_iter()
                    .collect()
            }
            "ul" | "ol" | "menu" | "dir" => some(self.list(at)).into_iter().collect(),
            "pre" => some(self.code(at)).into_iter().collect(),
            "blockquote" => {
                some(self.blocks(at).join("\n\n")).map(|text| prefixed(&text, "> ")).into_iter().collect()
            }
            "table" => table::render(self, at),
            "hr" => vec!["---".to_owned()],
            "dt" => some(self.inline(at)).map(|text| format!("**{text}**")).into_iter().collect(),
            _ => self.blocks(at),
        }
    }

    /// The blocks inside an element; text between them makes blocks of its own.
    pub(crate) fn blocks(&self, at: usize) -> Vec<String> {
        let (mut blocks, mut run) = (Vec::new(), String::new());
        for child in self.flat.children(at).filter(|child| !self.gone[*child]) {
            if self.has_block(child) {
                blocks.extend(some(tidy(&std::mem::take(&mut run))));
                blocks.extend(if is_block(self.flat.entries[child].name()) {
                    self.block(child)
                } else {
                    self.blocks(child)
                });
            } else {
                self.inline_into(child, &mut run);
            }
        }
        blocks.extend(some(tidy(&run)));
        blocks
    }

    pub(crate) fn is_kept(&self, at: usize) -> bool {
        !self.gone[at]
    }

    fn has_block(&self, at: usize) -> bool {
        (at..self.flat.entries[at].end)
            .any(|inner| !self.gone[inner] && is_block(self.flat.entries[inner].name()))
    }

    /// Everything inside as one line of text with its emphasis and links.
    pub(crate) fn inline(&self, at: usize) -> String {
        let mut run = String::new();
        for child in self.flat.children(at).filter(|child| !self.gone[*child]) {
            self.inline_into(child, &mut run);
        }
        tidy(&run)
    }

    fn inline_into(&self, at: usize, run: &mut String) {
        let entry = &self.flat.entries[at];
        if self.gone[at] {
            return;
        }
        if let Some(text) = entry.text() {
            return escape(text, run);
        }
        match entry.name() {
            "br" => run.push_str("  \n"),
            "img" => run.push_str(&self.image(at)),
            "code" | "kbd" | "samp" | "tt" => run.push_str(&code_span(&self.plain(at))),
            "a" => self.wrap(at, run, |text| self.link(at, text)),
            "strong" | "b" => self.wrap(at, run, |text| format!("**{text}**")),
            "em" | "i" | "cite" | "dfn" => self.wrap(at, run, |text| format!("*{text}*")),
            "del" | "s" | "strike" => self.wrap(at, run, |text| format!("~~{text}~~")),
            name => {
                let apart = is_block(name) && !run.ends_with([' ', '\n']);
                if apart {
                    run.push(' ');
                }
                self.flat.children(at).for_each(|child| self.inline_into(child, run));
                if apart {
                    run.push(' ');
                }
            }
        }
    }

    /// Puts marks around the text, inside the spaces around it.
    fn wrap(&self, at: usize, run: &mut String, marks: impl Fn(&str) -> String) {
        let mut inside = String::new();
        self.flat.children(at).for_each(|child| self.inline_into(child, &mut inside));
        let text = tidy(&inside);
        if text.is_empty() {
            return run.push_str(if inside.is_empty() { "" } else { " " });
        }
        if inside.starts_with(char::is_whitespace) {
            run.push(' ');
        }
        run.push_str(&marks(&text));
        if inside.ends_with(char::is_whitespace) {
            run.push(' ');
        }
    }

    fn link(&self, at: usize, text: &str) -> String {
        let target = self.flat.entries[at].attr("href").filter(|href| !href.starts_with('#'));
        match target.and_then(|href| address::absolute(self.base, href)) {
            Some(url) => format!("[{}]({})", text.replace("  \n", " "), target_of(&url)),
            None => text.to_owned(),
        }
    }

    fn image(&self, at: usize) -> String {
        let entry = &self.flat.entries[at];
        let alt = entry.attr("alt").map(str::trim).filter(|alt| !alt.is_empty());
        let source =
            entry.attr("src").filter(|src| !src.starts_with("data:")).or_else(|| entry.attr("data-src"));
        match (alt, source.and_then(|src| address::absolute(self.base, src))) {
            (Some(alt), Some(url)) => {
                format!("![{}]({})", alt.replace(['[', ']', '\n'], " "), target_of(&url))
            }
            _ => String::new(),
        }
    }

    fn list(&self, at: usize) -> String {
        let entry = &self.flat.entries[at];
        let mut number = (entry.name() == "ol")
            .then(|| entry.attr("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1_i64));
        let (mut items, mut loose) = (Vec::new(), false);
        for child in self.flat.children(at).filter(|child| !self.gone[*child]) {
            if self.flat.entries[child].element().is_none() {
                continue;
            }
            let own = self.flat.entries[child].attr("value").and_then(|value| value.trim().parse().ok());
            number = number.map(|number| own.unwrap_or(number));
            let marker = number.map_or_else(|| "- ".to_owned(), |number| format!("{number}. "));
            let blocks =
                if self.flat.entries[child].name() == "li" { self.blocks(child) } else { self.block(child) };
            if blocks.is_empty() {
                continue;
            }
            loose |= blocks.len() > 1 && !starts_list(&blocks[1]);
            let text = blocks.join(if blocks.get(1).is_some_and(|second| starts_list(second)) {
                "\n"
            } else {
                "\n\n"
            });
            items.push(format!("{marker}{}", indented(&text, marker.len())));
            number = number.map(|number| number.saturating_add(1));
        }
        items.join(if loose { "\n\n" } else { "\n" })
    }

    fn code(&self, at: usize) -> String {
        let text = self.plain(at);
        let text = text.trim_end().trim_start_matches(['\n', '\r']);
        if text.is_empty() {
            return String::new();
        }
        let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        format!("{fence}{}\n{text}\n{fence}", self.language(at).unwrap_or_default())
    }

    /// The language of a code block, as highlighters write it: `language-rust` on the block, its code, or around it.
    fn language(&self, at: usize) -> Option<&str> {
        let around = self.flat.ancestors(at).take(2);
        let inside = self.flat.children(at).filter(|child| self.flat.entries[*child].name() == "code");
        std::iter::once(at).chain(inside).chain(around).find_map(|at| {
            let element = self.flat.entries[at].element()?;
            let named = element.classes().find_map(|class| {
                ["language-", "lang-", "highlight-source-", "brush:"]
                    .iter()
                    .find_map(|start| class.strip_prefix(start))
            });
            named.or_else(|| element.attr("data-lang").or_else(|| element.attr("data-language"))).filter(
                |name| {
                    !name.is_empty()
                        && name.chars().all(|letter| letter.is_alphanumeric() || "+#-_.".contains(letter))
                },
            )
        })
    }

    /// The text inside, as it is written.
    fn plain(&self, at: usize) -> String {
        let inside = at..self.flat.entries[at].end;
        let texts = inside.filter(|inner| !self.gone[*inner]).filter_map(|inner| {
            let entry = &self.flat.entries[inner];
            if entry.name() == "br" { Some("\n") } else { entry.text() }
        });
        texts.collect()
    }
}

fn some(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

fn starts_list(block: &str) -> bool {
    block.starts_with("- ")
        || block.split_once(". ").is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn prefixed(text: &str, prefix: &str) -> String {
    text.lines().map(|line| format!("{prefix}{line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn indented(text: &str, by: usize) -> String {
    let margin = " ".repeat(by);
    let lines = text.lines().enumerate();
    lines
        .map(
            |(at, line)| if at == 0 || line.is_empty() { line.to_owned() } else { format!("{margin}{line}") },
        )
        .collect::<Vec<_>>()
        .join("\n")
}

/// One space between words, no space at the ends of lines but the two that break one.
fn tidy(run: &str) -> String {
    let lines = run.split("  \n").map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines: Vec<_> = lines.collect();
    lines.join("  \n").trim().to_owned()
}

/// A parenthesis or a space would end the target.
fn target_of(url: &Url) -> String {
    url.as_str().replace('(', "%28").replace(')', "%29")
}

fn code_span(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return text;
    }
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let mark = "`".repeat(if longest == 0 { 1 } else { longest + 1 });
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{mark}{pad}{text}{pad}{mark}")
}

/// Escapes what markdown would read as marks.
fn escape(text: &str, run: &mut String) {
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '[' | ']' | '<' => {
                run.push('\\');
                run.push(letter);
            }
            '_' if run.ends_with(|before: char| before.is_whitespace()) || run.is_empty() => {
                run.push_str("\\_");
            }
            '#' | '>' if run.trim_end_matches(' ').is_empty() || run.ends_with('\n') => {
                run.push('\\');
                run.push(letter);
            }
            '\u{a0}' | '\n' | '\r' | '\t' => run.push(' '),
            _ => run.push(letter),
        }
    }
}
