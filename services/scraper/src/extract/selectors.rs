//! The caller's own selectors: what the content is, and what it is not.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use scraper::{Html, Selector};

use super::{
    answer::ExtractError,
    content::{Content, remove},
    flat::Flat,
};

pub(crate) fn parse(selectors: &[String]) -> Result<Vec<Selector>, ExtractError> {
    selectors
        .iter()
        .map(|text| Selector::parse(text).map_err(|_| ExtractError::Selector(text.clone())))
        .collect()
}

/// Removes what the selectors match.
pub(crate) fn exclude(html: &Html, flat: &Flat<'_>, gone: &mut [bool], selectors: &[Selector]) {
    let found = matches(html, selectors);
    for at in 0..flat.entries.len() {
        if !gone[at] && found.contains(&flat.entries[at].node.id()) {
            remove(flat, gone, at);
        }
    }
}

/// Keeps what the selectors match, and nothing else.
pub(crate) fn include(html: &Html, flat: &Flat<'_>, mut gone: Vec<bool>, selectors: &[Selector]) -> Content {
    let places: HashMap<NodeId, usize> =
        flat.entries.iter().enumerate().map(|(at, entry)| (entry.node.id(), at)).collect();
    let mut kept = vec![false; flat.entries.len()];
    for at in matches(html, selectors).iter().filter_map(|id| places.get(id)) {
        kept[*at..flat.entries[*at].end].fill(true);
        flat.ancestors(*at).for_each(|outer| kept[outer] = true);
    }
    gone.iter_mut().zip(kept).for_each(|(gone, kept)| *gone |= !kept);
    Content { root: flat.named(0, "body").next().unwrap_or(0), gone }
}

fn matches(html: &Html, selectors: &[Selector]) -> HashSet<NodeId> {
    selectors.iter().flat_map(|selector| html.select(selector)).map(|element| element.id()).collect()
}
