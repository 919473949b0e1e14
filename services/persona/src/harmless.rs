//! Orders that somebody planted in a concept.

use crate::request::FullConcept;

/// A concept is data. A sentence that gives orders to whoever reads it is left out.
pub(crate) fn harmless(concept: FullConcept) -> FullConcept {
    let kept = |text: &str| {
        text.split_inclusive(['.', '!', '?', '\n'])
            .filter(|sentence| !gives_orders(&sentence.to_lowercase()))
            .collect::<String>()
            .trim()
            .to_owned()
    };
    FullConcept {
        description: kept(&concept.description),
        attributes: concept.attributes.iter().map(|a| kept(a)).filter(|a| !a.is_empty()).collect(),
        name: concept.name.as_deref().map(kept),
        ..concept
    }
}

/// Whether a sentence, in lower case, tells a program what to answer.
pub(crate) fn gives_orders(text: &str) -> bool {
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    any(&["ignore", "disregard", "forget", "override"])
        && any(&["instruction", "previous", "above", "prompt", "rules"])
        || any(&[
            "you must answer",
            "always answer",
            "answer 5",
            "respond with",
            "rate it",
            "system:",
            "<|",
            "[inst]",
            "as an ai",
        ])
}
