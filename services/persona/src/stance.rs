//! What side a text takes.

use crate::similar::topic;

/// Whether a text names a side of American politics: 1 the right, -1 the left.
pub(crate) fn partisan(text: &str) -> f32 {
    let text = text.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let left = any(&["democrat", "biden", "harris", "obama", "clinton", "liberal", "msnbc", "cnn"]);
    let right = any(&["republican", "trump", "vance", "conservative", "fox news", "gop", "newsmax"]);
    f32::from(u8::from(right)) - f32::from(u8::from(left))
}

/// Whether a text asks for something (1) or for its opposite (-1). To end a ban is to ask for something again.
pub(crate) fn stance(text: &str) -> f32 {
    const BANS: [&str; 12] = [
        "ban",
        "bans",
        "banning",
        "prohibit",
        "prohibits",
        "prohibiting",
        "restrict",
        "restricting",
        "deny",
        "denying",
        "limit",
        "limiting",
    ];
    const ENDS: [&str; 25] = [
        "eliminate",
        "eliminating",
        "repeal",
        "repealing",
        "reduce",
        "reducing",
        "decrease",
        "decreasing",
        "cut",
        "cutting",
        "withhold",
        "harder",
        "abolish",
        "stop",
        "stopping",
        "defund",
        "fewer",
        "withdraw",
        "oppose",
        "weaken",
        "lift",
        "overturn",
        "reject",
        "deport",
        "expel",
    ];
    let text = topic(text);
    let any = |words: &[&str]| text.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word));
    // Who acts against a thing may want something else; who is against it does not.
    let against = text.starts_with("against") || text.contains("you against");
    if any(&BANS) == (any(&ENDS) || against) { 1.0 } else { -1.0 }
}
