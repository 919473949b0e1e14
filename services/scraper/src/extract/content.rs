//! Where the content is: which element holds it, and what inside does not belong.

use super::{
    actions,
    flat::Flat,
    headings, hidden, link_blocks,
    noise::{self, Noise},
    page_type::PageType,
    posts, quotes,
    weight::{Weight, Weights, ratio},
};

/// The element that holds the content, and what of the page is not part of it.
pub(crate) struct Content {
    pub(crate) root: usize,
    pub(crate) gone: Vec<bool>,
}

/// Removes what nobody reads: scripts, controls, hidden text. What was hidden is listed.
pub(crate) fn readable(flat: &Flat<'_>) -> (Vec<bool>, Vec<usize>) {
    let (mut gone, mut unshown) = (vec![false; flat.entries.len()], Vec::new());
    for at in 0..flat.entries.len() {
        if !gone[at] && noise::never_read(flat.entries[at].name()) {
            remove(flat, &mut gone, at);
        }
    }
    let all = Weights::of(flat, &gone);
    for at in 0..flat.entries.len() {
        let Some(element) = flat.entries[at].element().filter(|_| !gone[at]) else { continue };
        let unread = match element.name() {
            "noscript" => ratio(all.inside(flat, at).prose, all.inside(flat, 0).prose) < 0.5,
            "button" => !in_heading(flat, at),
            _ => false,
        };
        if unread {
            remove(flat, &mut gone, at);
        } else if at > 0 && element.name() != "body" && hidden::is_hidden(element) && !stands_in(flat, at) {
            unshown.push(at);
            remove(flat, &mut gone, at);
        }
    }
    (gone, unshown)
}

/// Text for screen readers beside a picture of itself (`aria-hidden`) is the text.
fn stands_in(flat: &Flat<'_>, at: usize) -> bool {
    let drawn = |beside: usize| beside != at && flat.entries[beside].attr("aria-hidden") == Some("true");
    flat.entries[at].attr("aria-hidden").is_none()
        && matches!(flat.entries[at].name(), "span" | "ins" | "del")
        && flat
            .children(flat.entries[at].parent)
            .take(50)
            .any(|beside| drawn(beside) && flat.entries[beside].end > beside + 1)
}

fn in_heading(flat: &Flat<'_>, at: usize) -> bool {
    let heading =
        |at: usize| matches!(flat.entries[at].name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "summary");
    flat.ancestors(at).take(3).any(heading) || (at..flat.entries[at].end).any(heading)
}

/// Finds the content of a page of that type.
pub(crate) fn select(flat: &Flat<'_>, readable: Vec<bool>, page: PageType) -> Content {
    let mut gone = readable;
    let start = start(flat, &gone, page);
    drop_noise(flat, &mut gone, start, page);
    headings::drop_tails(flat, &mut gone, start, page);
    let root = narrow(flat, &gone, start, page);
    link_blocks::drop_link_blocks(flat, &mut gone, root, page);
    if page == PageType::Forum {
        quotes::drop_repeated(flat, &mut gone, root);
        posts::drop_notices(flat, &mut gone, root);
    }
    actions::drop_actions(flat, &mut gone, root, page);
    Content { root, gone }
}

/// The whole page but its navigation, for a page that does not say where its content is.
pub(crate) fn without_furniture(flat: &Flat<'_>, readable: Vec<bool>, root: usize) -> Content {
    let mut gone = readable;
    for at in root..flat.entries[root].end {
        if !gone[at] && matches!(flat.entries[at].name(), "nav" | "footer" | "menu") {
            remove(flat, &mut gone, at);
        }
    }
    Content { root, gone }
}

pub(crate) fn remove(flat: &Flat<'_>, gone: &mut [bool], at: usize) {
    gone[at..flat.entries[at].end].fill(true);
}

/// The part of the page that calls itself the main one, where it holds most of the text.
fn start(flat: &Flat<'_>, gone: &[bool], page: PageType) -> usize {
    let body = flat.named(0, "body").next().unwrap_or(0);
    let weights = Weights::of(flat, gone);
    let all = weights.inside(flat, body);
    let is_main =
        |at: &usize| flat.entries[*at].name() == "main" || flat.entries[*at].attr("role") == Some("main");
    let largest = |from: usize, is: &dyn Fn(&usize) -> bool| {
        let found = (from..flat.entries[from].end).filter(|at| !gone[*at]).filter(is);
        found.max_by_key(|at| {
            (weights.inside(flat, *at).prose, weights.inside(flat, *at).words, std::cmp::Reverse(*at))
        })
    };
    let main = largest(body, &is_main)
        .filter(|at| ratio(weights.inside(flat, *at).words, all.words) >= 0.4)
        .unwrap_or(body);
    if !page.is_one_text() {
        return main;
    }
    let whole = weights.inside(flat, main).prose;
    let article = |at: &usize| {
        flat.entries[*at].name() == "article" || flat.entries[*at].attr("itemprop") == Some("articleBody")
    };
    largest(main, &article).filter(|at| ratio(weights.inside(flat, *at).prose, whole) >= 0.6).unwrap_or(main)
}

/// Removes what its markup calls something else than content, where it does not hold the text after all.
fn drop_noise(flat: &Flat<'_>, gone: &mut [bool], start: usize, page: PageType) {
    let weights = Weights::of(flat, gone);
    let all = weights.inside(flat, start);
    let mains: Vec<usize> = (start + 1..flat.entries[start].end)
        .filter(|at| matches!(flat.entries[*at].name(), "main" | "h1") && !gone[*at])
        .take(50)
        .collect();
    for at in start + 1..flat.entries[start].end {
        let Some(element) = flat.entries[at].element().filter(|_| !gone[at]) else { continue };
        let noise = noise::of(element, page);
        if noise == Noise::None {
            continue;
        }
        let inside = weights.inside(flat, at);
        let spared = || is_of_a_post(flat, at, page) || is_part_of_text(flat, at, inside, page);
        if noise == Noise::Likely && spared() {
            continue;
        }
        let share = ratio(inside.prose, all.prose).max(ratio(inside.words, all.words));
        let holds_title = mains.iter().any(|main| flat.holds(at, *main));
        let drop = match noise {
            Noise::Always => !holds_title,
            Noise::Sure => share < 0.4 && !(holds_title && flat.entries[at].name() != "nav"),
            _ => {
                share < 0.2
                    && !holds_title
                    && (page.is_one_text() || inside.link_share() > 0.3 || inside.prose < 15)
            }
        };
        if drop {
            remove(flat, gone, at);
        }
    }
}

/// In a forum, what stands beside a post says who wrote it.
fn is_of_a_post(flat: &Flat<'_>, at: usize, page: PageType) -> bool {
    page == PageType::Forum && flat.ancestors(at).any(|outer| flat.entries[outer].name() == "article")
}

/// A heading with what frames it, and in a manual a note beside the text.
fn is_part_of_text(flat: &Flat<'_>, at: usize, inside: Weight, page: PageType) -> bool {
    let name = flat.entries[at].name();
    let headed =
        || (at..flat.entries[at].end).any(|inner| matches!(flat.entries[inner].name(), "h2" | "h3" | "h4"));
    let inner = || flat.ancestors(at).any(|outer| matches!(flat.entries[outer].name(), "article" | "main"));
    let frames = flat.entries[at]
        .element()
        .is_some_and(|element| name == "header" || noise::tokens(element).any(|token| token == "header"));
    (page.is_one_text() && frames && inside.link_share() < 0.4 && inside.words < 60 && headed() && inner())
        || (page == PageType::Documentation
            && name == "aside"
            && inside.prose >= 5
            && inside.link_share() < 0.3
            && inner())
}

/// Goes down while one child holds most of the prose.
fn narrow(flat: &Flat<'_>, gone: &[bool], start: usize, page: PageType) -> usize {
    if !page.is_one_text() {
        return start;
    }
    let weights = Weights::of(flat, gone);
    let mut root = start;
    loop {
        let whole = weights.inside(flat, root).prose;
        let mut elements =
            flat.children(root).filter(|child| flat.entries[*child].element().is_some() && !gone[*child]);
        let heir = elements.find(|child| ratio(weights.inside(flat, *child).prose, whole) >= 0.75);
        match heir {
            Some(child) if flat.entries[child].name() != "p" => root = child,
            _ => return root,
        }
    }
}
