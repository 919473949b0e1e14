//! Text that is written for a program that reads the page, not for a person.

use serde::Serialize;

/// Found on the page; it stays in the content, and the reader is warned.
#[derive(schemars::JsonSchema, Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspicion {
    /// The pattern that it matches.
    pub pattern: &'static str,
    /// Whether the page hides it from people.
    pub hidden: bool,
    /// The text around it.
    pub excerpt: String,
}

const PATTERNS: [(&str, &[&str]); 6] = [
    (
        "override",
        &[
            "ignore all previous",
            "ignore previous instructions",
            "ignore the above",
            "ignore your instructions",
            "ignore all prior",
            "disregard previous",
            "disregard all previous",
            "disregard the above",
            "disregard your instructions",
            "forget your instructions",
            "forget all previous",
            "override your instructions",
            "new instructions:",
        ],
    ),
    (
        "role",
        &[
            "you are now a",
            "you are now in",
            "act as if you",
            "pretend to be an ai",
            "developer mode",
            "jailbreak",
            "do anything now",
        ],
    ),
    (
        "system_prompt",
        &[
            "system prompt",
            "<|im_start|>",
            "<|system|>",
            "[inst]",
            "<<sys>>",
            "### instruction",
            "begin system message",
        ],
    ),
    (
        "concealment",
        &[
            "do not tell the user",
            "don't tell the user",
            "without telling the user",
            "do not mention this to the user",
            "hide this from the user",
        ],
    ),
    (
        "address",
        &[
            "if you are an ai",
            "if you are a language model",
            "as an ai language model, you must",
            "attention ai",
            "ai agents must",
            "llms must",
            "note to ai",
        ],
    ),
    (
        "exfiltration",
        &[
            "send the conversation to",
            "send your api key",
            "reveal your instructions",
            "print your instructions",
            "repeat your instructions",
        ],
    ),
];

/// Looks through a text; each pattern is reported once for visible and once for hidden text.
pub(crate) fn look(text: &str, hidden: bool, into: &mut Vec<Suspicion>) {
    if text.chars().any(|letter| matches!(letter, '\u{e0000}'..='\u{e007f}')) {
        push(into, "invisible_characters", hidden, String::new());
    }
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    for (pattern, phrases) in PATTERNS {
        if let Some(at) = phrases.iter().find_map(|phrase| plain.find(phrase)) {
            let from = plain.floor_char_boundary(at.saturating_sub(40));
            let to = plain.floor_char_boundary(at + 120);
            push(into, pattern, hidden, plain[from..to].to_owned());
        }
    }
}

fn push(into: &mut Vec<Suspicion>, pattern: &'static str, hidden: bool, excerpt: String) {
    if !into.iter().any(|found| found.pattern == pattern && found.hidden == hidden) {
        into.push(Suspicion { pattern, hidden, excerpt });
    }
}
