//! How people answer a kind of scale when nothing is known of the question. Judgements of the authors, small on purpose.

use super::plain;

/// What a scale's words say, and the leaning towards its upper end that such scales find, as a logit.
const NORMS: [(&[&str], f32); 9] = [
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

/// Where answers on these options centre.
pub(crate) fn norm(options: &[String]) -> f32 {
    let options: Vec<String> = options.iter().map(|option| plain(option)).collect();
    let says = |words: &[&str]| options.iter().any(|option| words.iter().any(|word| option.contains(word)));
    NORMS.iter().find(|(words, _)| says(words)).map_or(0.2, |(_, centre)| *centre)
}

/// Whether the options ask if something is too much or too little, to which people answer that it is too little more often than
/// they support an increase.
pub(crate) fn is_of_amounts(options: &[String]) -> bool {
    options.iter().any(|option| plain(option).starts_with("too little"))
}
