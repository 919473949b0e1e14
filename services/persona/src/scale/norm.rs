//! How people answer a kind of scale when nothing is known of the question. Judgements of the authors, small on purpose.

use super::plain;

/// What answers to a kind of scale look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Norm {
    /// The leaning towards its upper end, as a logit.
    pub(crate) centre: f32,
    /// How far apart its options are: at 1 they are equally likely, above it those in the middle are likelier.
    pub(crate) width: f32,
}

/// What a scale's words say, and where answers to it centre.
const CENTRES: [(&[&str], f32); 9] = [
    (&["too little", "too few"], 0.6),
    (&["important"], 0.8),
    (&["satisfied", "happy"], 0.7),
    (&["concerned", "worried"], 0.5),
    (&["agree", "support", "favor"], 0.25),
    (&["justifi", "acceptable"], -0.3),
    (&["approve", "trust", "confidence"], -0.1),
    (&["often", "always", "every day", "daily"], -0.2),
    (&["likely"], -0.1),
];
/// Few people say outright that they are on neither side; of degrees of one thing most take a middle one. The widths are round
/// figures of what such scales of the bank's items have.
const WIDTHS: [(&[&str], f32); 2] = [
    (&["neither", "neutral"], 0.8),
    (
        &[
            "not too",
            "not very",
            "not at all",
            "not many",
            "not much",
            "hardly",
            "some of the time",
            "fair",
            "poor",
        ],
        1.8,
    ),
];
const WIDTH: f32 = 1.2;

/// How answers on these options spread.
pub(crate) fn norm(options: &[String]) -> Norm {
    let options: Vec<String> = options.iter().map(|option| plain(option)).collect();
    let says = |words: &&[&str]| options.iter().any(|option| words.iter().any(|word| option.contains(word)));
    let of = |kinds: &[(&[&str], f32)]| kinds.iter().find(|(words, _)| says(words)).map(|(_, value)| *value);
    Norm { centre: of(&CENTRES).unwrap_or(0.2), width: of(&WIDTHS).unwrap_or(WIDTH) }
}

/// Whether the options ask if something is too much or too little, to which people answer that it is too little more often than
/// they support an increase.
pub(crate) fn is_of_amounts(options: &[String]) -> bool {
    options.iter().any(|option| plain(option).starts_with("too little"))
}
