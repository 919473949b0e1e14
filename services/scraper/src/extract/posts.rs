//! What a forum says to guests between its posts: that they must log in to reply, that nobody can.

use super::{
    content::remove,
    flat::{Flat, is_block},
    weight::Weights,
};

/// More words than this are no notice, but a post.
const NOTICE: u32 = 60;

/// Removes such notices.
pub(crate) fn drop_notices(flat: &Flat<'_>, gone: &mut [bool], root: usize) {
    let weights = Weights::of(flat, gone);
    for at in root + 1..flat.entries[root].end {
        if gone[at] || !is_block(flat.entries[at].name()) || weights.inside(flat, at).words > NOTICE {
            continue;
        }
        if is_notice(&flat.phrase(at, gone, usize::MAX).to_lowercase()) {
            remove(flat, gone, at);
        }
    }
}

/// "You must log in or register to reply", "this topic was closed". Members too write about logging in, so it is how a notice starts.
fn is_notice(text: &str) -> bool {
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
