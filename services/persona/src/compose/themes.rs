//! What several personas brought up.

use crate::answer::{PersonaAnswer, Theme};

/// What at least two personas brought up, with what they said.
pub(crate) fn themes(answers: &[PersonaAnswer]) -> Vec<Theme> {
    const THEMES: [(&str, &[&str]); 6] = [
        ("price", &["$", "dollar", "sale", "save up", "Money"]),
        (
            "would try it",
            &["give it a try", "try it once", "curious", "buy it", "using this", "want one", "Count me in"],
        ),
        (
            "no need",
            &["don't see the need", "no use", "managed without", "isn't a problem I have", "pass for now"],
        ),
        (
            "undecided",
            &["either way", "Undecided", "both sides", "settled", "Hard to say", "wait and see", "Not a yes"],
        ),
        (
            "party and ideology",
            &["Democrat", "Republican", "liberal side", "conservative about", "independent", "either party"],
        ),
        ("faith", &["faith", "Religion"]),
    ];
    let theme = |(name, words): &(&str, &[&str])| {
        let with: Vec<&str> = answers
            .iter()
            .map(|a| a.quote.as_str())
            .filter(|quote| words.iter().any(|word| quote.contains(word)))
            .collect();
        let quotes = with.iter().take(3).map(|quote| (*quote).to_owned()).collect();
        (with.len() > 1).then(|| Theme { theme: (*name).to_owned(), personas: with.len(), quotes })
    };
    THEMES.iter().filter_map(theme).collect()
}
