//! What a forum prints around its posts: the writer's rank and figures, the topic's title once more, what asks a guest to log in.

use std::collections::{HashSet, VecDeque};

use super::{
    content::remove,
    flat::{Flat, is_block},
    weight::{Weights, count_words},
};

/// More words than this are not beside a post, but the post.
const PANE: u32 = 60;

/// As many lines stand above a post.
const LINES: usize = 8;

/// Removes it, and leaves the writers' names.
pub(crate) fn drop_furniture(flat: &Flat<'_>, gone: &mut [bool], root: usize) {
    let weights = Weights::of(flat, gone);
    let (mut titles, mut head) = (HashSet::new(), Head::default());
    for at in root + 1..flat.entries[root].end {
        if gone[at] || flat.entries[at].element().is_none() {
            continue;
        }
        let inside = weights.inside(flat, at);
        if inside.prose == 0 && inside.words <= PANE && is_about_writer(flat, at) {
            keep_name(flat, gone, at);
        }
        let asks = || is_block(flat.entries[at].name()) && asks_guests(&words(flat, gone, at));
        if repeats_title(flat, gone, at, &mut titles)
            || inside.words <= PANE && asks()
            || head.repeats(flat, gone, at, inside.prose > 0)
        {
            remove(flat, gone, at);
        }
    }
}

/// Many forums print the topic's title above each post, often after "Re:".
fn repeats_title(flat: &Flat<'_>, gone: &[bool], at: usize, titles: &mut HashSet<String>) -> bool {
    if !matches!(flat.entries[at].name(), "h1" | "h2" | "h3" | "h4") {
        return false;
    }
    let title = words(flat, gone, at);
    let title = title.strip_prefix("re: ").unwrap_or(&title).to_owned();
    count_words(&title) >= 3 && !titles.insert(title)
}

/// The short lines above a post: forums print name and date twice, for wide and for narrow screens.
#[derive(Default)]
struct Head {
    lines: VecDeque<String>,
    /// Where the line ends that was read last.
    end: usize,
}

impl Head {
    fn repeats(&mut self, flat: &Flat<'_>, gone: &[bool], at: usize, prose: bool) -> bool {
        let entry = &flat.entries[at];
        let line = is_block(entry.name()) || matches!(entry.name(), "a" | "time");
        if at < self.end
            || !line
            || (at + 1..entry.end).any(|inner| !gone[inner] && is_block(flat.entries[inner].name()))
        {
            return false;
        }
        self.end = entry.end;
        if prose {
            self.lines.clear();
            return false;
        }
        let text = words(flat, gone, at);
        if text.is_empty() || count_words(&text) > 6 {
            return false;
        }
        let repeats = self.lines.contains(&text);
        if entry.name() == "p" && !repeats {
            self.lines.clear();
        }
        self.lines.push_back(text);
        if self.lines.len() > LINES {
            self.lines.pop_front();
        }
        repeats
    }
}

/// The last word of a class or id says what an element is: `message-user` is a user, `user-message` is not.
fn is_about_writer(flat: &Flat<'_>, at: usize) -> bool {
    const WRITER: &[&str] =
        &["author", "user", "poster", "member", "profile", "userinfo", "postprofile", "authorpane"];
    const PARTS: &[&str] =
        &["pane", "info", "details", "extra", "extras", "card", "stats", "fields", "badges", "cell"];
    let Some(element) = flat.entries[at].element() else { return false };
    if !matches!(element.name(), "aside" | "div" | "section" | "td" | "dl" | "ul" | "header") {
        return false;
    }
    element.classes().chain(element.attr("id")).any(|name| {
        let mut words = super::noise::split(name).into_iter().rev();
        let last = words.next().unwrap_or_default();
        WRITER.contains(&last.as_str())
            || PARTS.contains(&last.as_str())
                && words.next().is_some_and(|word| WRITER.contains(&word.as_str()))
    })
}

/// The name is the first text in a link or a heading, or else the first. Figures and ranks are not, and lists have nothing else.
fn keep_name(flat: &Flat<'_>, gone: &mut [bool], at: usize) {
    let named = |text: &usize| {
        flat.ancestors(*text)
            .take_while(|outer| *outer > at)
            .any(|outer| matches!(flat.entries[outer].name(), "a" | "h2" | "h3" | "h4" | "h5"))
    };
    let lists = matches!(flat.entries[at].name(), "ul" | "dl");
    let texts: Vec<usize> = (at..flat.entries[at].end)
        .filter(|inner| {
            flat.entries[*inner].text().is_some_and(|text| text.trim().starts_with(char::is_alphabetic))
        })
        .filter(|text| !lists && !gone[*text])
        .collect();
    let name = texts.iter().find(|text| named(text)).or(texts.first()).copied();
    for inner in (at..flat.entries[at].end).filter(|inner| Some(*inner) != name) {
        gone[inner] |= flat.entries[inner].text().is_some();
    }
}

fn words(flat: &Flat<'_>, gone: &[bool], at: usize) -> String {
    flat.phrase(at, gone, usize::MAX).to_lowercase()
}

/// "You must log in or register to reply", "this topic was closed". Members too write about logging in, so it is how a notice starts.
fn asks_guests(text: &str) -> bool {
    const STARTS: &[&str] = &[
        "you must",
        "you need to",
        "you have to",
        "you can post now",
        "you're browsing",
        "you are browsing",
        "please log in",
        "please login",
        "please sign in",
        "log in or",
        "login or",
        "sign in or",
        "sign in to",
        "log in to",
        "register or",
        "create an account",
        "join the conversation",
    ];
    let enters = ["log in", "login", "sign in"].iter().any(|phrase| text.contains(phrase));
    let joins = ["register", "sign up", "create an account", "to reply", "to comment", "to post"];
    let starts = STARTS.iter().any(|start| text.starts_with(start));
    starts && enters && joins.iter().any(|phrase| text.contains(phrase))
        || [
            "topic was automatically closed",
            "not open for further replies",
            "topic is now closed to further replies",
        ]
        .iter()
        .any(|phrase| text.contains(phrase))
}
