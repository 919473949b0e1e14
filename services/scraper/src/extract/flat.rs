//! The tree in document order, so that a subtree is a range and a sum over it a subtraction.

use ego_tree::{NodeRef, iter::Edge};
use scraper::{Html, Node, node::Element};

/// One element or text of the page.
pub(crate) struct Entry<'a> {
    pub(crate) node: NodeRef<'a, Node>,
    /// The entry that holds this one; the first entry holds itself.
    pub(crate) parent: usize,
    /// One past the last entry inside this one.
    pub(crate) end: usize,
}

impl<'a> Entry<'a> {
    pub(crate) fn element(&self) -> Option<&'a Element> {
        self.node.value().as_element()
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        self.node.value().as_text().map(|text| &**text)
    }

    /// The element's name in lower case; empty for text.
    pub(crate) fn name(&self) -> &'a str {
        self.element().map_or("", |element| element.name())
    }

    pub(crate) fn attr(&self, name: &str) -> Option<&'a str> {
        self.element()?.attr(name)
    }
}

/// All elements and texts of a page, parents before children. The first entry is the `html` element.
pub(crate) struct Flat<'a> {
    pub(crate) entries: Vec<Entry<'a>>,
}

impl<'a> Flat<'a> {
    pub(crate) fn of(html: &'a Html) -> Self {
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(html.tree.values().len());
        let mut open = Vec::new();
        for edge in html.root_element().traverse() {
            match edge {
                Edge::Open(node) if node.value().is_element() || node.value().is_text() => {
                    let here = entries.len();
                    entries.push(Entry { node, parent: open.last().copied().unwrap_or(0), end: here + 1 });
                    if node.value().is_element() {
                        open.push(here);
                    }
                }
                Edge::Close(node) if node.value().is_element() => {
                    let end = entries.len();
                    if let Some(entry) = open.pop().and_then(|at| entries.get_mut(at)) {
                        entry.end = end;
                    }
                }
                _ => {}
            }
        }
        Self { entries }
    }

    pub(crate) fn children(&self, of: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.entries[of].end;
        let mut next = of + 1;
        std::iter::from_fn(move || {
            let child = (next < end).then_some(next)?;
            next = self.entries[child].end;
            Some(child)
        })
    }

    /// What follows `of` inside the same parent.
    pub(crate) fn following(&self, of: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.entries[self.entries[of].parent].end;
        let mut next = self.entries[of].end;
        std::iter::from_fn(move || {
            let sibling = (next < end).then_some(next)?;
            next = self.entries[sibling].end;
            Some(sibling)
        })
    }

    /// The entries that hold `of`, the nearest first.
    pub(crate) fn ancestors(&self, of: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(of), |at| (*at > 0).then(|| self.entries[*at].parent)).skip(1)
    }

    /// The texts inside `of` that are not gone, in words.
    pub(crate) fn words<'s>(&'s self, of: usize, gone: &'s [bool]) -> impl Iterator<Item = &'s str> {
        let kept = (of..self.entries[of].end).filter(|at| !gone[*at]);
        kept.filter_map(|at| self.entries[at].text()).flat_map(str::split_whitespace)
    }

    /// The first `most` of those words, as one text.
    pub(crate) fn phrase(&self, of: usize, gone: &[bool], most: usize) -> String {
        self.words(of, gone).take(most).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn holds(&self, outer: usize, inner: usize) -> bool {
        outer <= inner && inner < self.entries[outer].end
    }

    /// The elements within `of`, itself included, by name.
    pub(crate) fn named<'s>(&'s self, of: usize, name: &'s str) -> impl Iterator<Item = usize> + 's {
        (of..self.entries[of].end).filter(move |at| self.entries[*at].name() == name)
    }
}

/// Whether an element makes a line of its own.
pub(crate) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "option"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
            | "caption"
    )
}
