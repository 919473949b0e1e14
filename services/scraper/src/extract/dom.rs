//! The page as a tree, built under limits: a hostile page is refused while it streams in, before it can grow.

use std::time::Duration;

use html5ever::{ParseOpts, driver, tendril::TendrilSink, tree_builder::TreeBuilderOpts};
use rustix::time::{ClockId, clock_gettime};
use scraper::{Html, HtmlTreeSink, Node};

/// How much of the page is parsed between two looks at the tree. The tree can grow this many bytes past a limit.
const STEP: usize = 4 * 1024;

/// What a page may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of decoded HTML.
    pub bytes: usize,
    /// Elements inside one another. Browsers stop at 512; real pages stay under 100.
    pub depth: usize,
    /// Nodes in the tree, text included.
    pub nodes: usize,
    /// Processor time for parsing: some pages are small and still take long (a tag of 100,000 attributes).
    pub parsing: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 10 << 20, depth: 256, nodes: 400_000, parsing: Duration::from_secs(3) }
    }
}

/// Why a page is not extracted at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More bytes than [`Limits::bytes`].
    #[error("the page has {found} bytes of HTML; at most {limit} are extracted")]
    TooLarge {
        /// Bytes of the page.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Elements nested beyond [`Limits::depth`].
    #[error("the page nests elements more than {limit} deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More processor time than [`Limits::parsing`].
    #[error("the page takes more than {limit:?} to parse")]
    TooSlow {
        /// The limit.
        limit: Duration,
    },
    /// More nodes than [`Limits::nodes`].
    #[error("the page has more than {limit} nodes")]
    TooManyNodes {
        /// The limit.
        limit: usize,
    },
}

/// A parsed page that is within its limits.
#[derive(Debug)]
pub struct Dom {
    html: Html,
}

impl Dom {
    /// Parses a page as a browser would, and stops where it exceeds `limits`.
    ///
    /// # Errors
    /// Says which limit the page exceeds.
    pub fn parse(page: &str, limits: &Limits) -> Result<Self, Refused> {
        if page.len() > limits.bytes {
            return Err(Refused::TooLarge { found: page.len(), limit: limits.bytes });
        }
        // Nothing here runs scripts, so `noscript` is markup: some sites keep their whole text in it.
        let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
        let options = ParseOpts { tree_builder, ..ParseOpts::default() };
        let mut parser = driver::parse_document(HtmlTreeSink::new(Html::new_document()), options);
        let started = processor_time();
        for step in steps(page) {
            parser.process(step.into());
            if processor_time().saturating_sub(started) > limits.parsing {
                return Err(Refused::TooSlow { limit: limits.parsing });
            }
            check_tip(&parser.tokenizer.sink.sink.0.borrow(), limits)?;
        }
        let html = parser.finish();
        check_all(&html, limits)?;
        Ok(Self { html })
    }

    /// The tree.
    #[must_use]
    pub fn html(&self) -> &Html {
        &self.html
    }

    /// All text outside scripts and styles, a line for each text node.
    #[must_use]
    pub fn visible_text(&self) -> String {
        let mut out = String::new();
        for text in self.html.tree.root().descendants().filter(|node| node.value().is_text()) {
            let hidden = text.parent().and_then(|parent| Some(parent.value().as_element()?.name()));
            let words = text.value().as_text().map_or("", |text| text.trim());
            if !words.is_empty()
                && !matches!(hidden, Some("script" | "style" | "noscript" | "template" | "title"))
            {
                out.push_str(words);
                out.push('\n');
            }
        }
        out
    }
}

/// Of this thread, so that a busy machine makes no page slow.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// The page in pieces of about [`STEP`] bytes, each whole characters.
fn steps(page: &str) -> impl Iterator<Item = &str> {
    let mut rest = page;
    std::iter::from_fn(move || {
        let (step, after) = rest.split_at(rest.floor_char_boundary(STEP));
        rest = after;
        (!step.is_empty()).then_some(step)
    })
}

/// While parsing: the newest node shows how deep the parser stands.
fn check_tip(html: &Html, limits: &Limits) -> Result<(), Refused> {
    if html.tree.values().len() > limits.nodes {
        return Err(Refused::TooManyNodes { limit: limits.nodes });
    }
    let deep = html.tree.nodes().next_back().is_some_and(|tip| tip.ancestors().nth(limits.depth).is_some());
    if deep { Err(Refused::TooDeep { limit: limits.depth }) } else { Ok(()) }
}

/// After parsing: no branch is too deep, also not one that opened and closed within a step.
fn check_all(html: &Html, limits: &Limits) -> Result<(), Refused> {
    use ego_tree::iter::Edge;
    let mut depth = 0_usize;
    for edge in html.tree.root().traverse() {
        match edge {
            Edge::Open(node) if matches!(node.value(), Node::Element(_)) => depth += 1,
            Edge::Close(node) if matches!(node.value(), Node::Element(_)) => depth -= 1,
            _ => {}
        }
        if depth > limits.depth {
            return Err(Refused::TooDeep { limit: limits.depth });
        }
    }
    check_tip(html, limits)
}
