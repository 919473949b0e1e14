//! What rating a free text implies: a lexicon with negation, a fit to labelled meanings, and flags for what neither can judge.

use serde::Deserialize;

use crate::{
    bank::softmax,
    embed::Meaning,
    scale::plain,
    share::logistic,
    similar::{Matcher, dot},
};

const LEARNED: &str = include_str!("../data/ratings.json");

const GOOD: &str = "love loved loves like liked likes enjoy enjoyed great good excellent amazing awesome wonderful perfect perfectly best better fantastic \
    superb recommend recommended happy pleased satisfied useful helpful easy nice beautiful brilliant impressive impressed interested interesting \
    excited exciting worth solid reliable comfortable fast delicious affordable quality bargain fun favorite appealing appeals yes definitely \
    absolutely glad want need useful convenient smart clever elegant pleasant sturdy crisp clear fine fascinating thrilling charming funny \
    hilarious moving refreshing powerful rich entertaining delight delightful warm sharp buy works safe healthy saves";
const BAD: &str = "hate hated hates dislike disliked bad terrible awful horrible worst worse poor poorly disappointing disappointed disappoints useless \
    waste wasted boring bored broken broke breaks fails failed failure cheap cheaply expensive overpriced costly annoying annoyed difficult hard \
    confusing ugly slow uncomfortable unreliable unhappy unsatisfied skip avoid pass gimmick gimmicky pointless creepy worried worry concern concerned \
    scam junk garbage trash defective problem problems issue issues unfortunately lacks lacking flimsy noisy nonsense dull tired mess silly stupid \
    tedious flat lame weak unfunny pretentious predictable sadly painful unpleasant regret refund returned returning doubt doubtful pricey unnecessary \
    complicated risky";
const MORE: &str =
    "very really extremely so absolutely totally incredibly highly too super truly completely deeply";
const LESS: &str = "somewhat slightly kind sort bit little fairly rather maybe perhaps probably";
const NEGATIONS: &str = "not no never none nothing nobody nowhere neither hardly barely scarcely without dont doesnt didnt isnt wasnt arent werent wont \
    wouldnt couldnt shouldnt cant cannot aint hasnt havent hadnt lacks";
const CONDITIONS: [&str; 13] = [
    " if ",
    " unless ",
    " under $",
    " below $",
    " at $",
    " for $",
    " over $",
    " provided ",
    " as long as ",
    " depends ",
    " only when ",
    " once it ",
    " would have to ",
];

/// Where praise lies among meanings, as fitted by `data/ratings.py`.
#[derive(Deserialize)]
pub(crate) struct Rater {
    weights: Vec<f32>,
    intercept: f32,
}

/// The implied rating.
pub(crate) struct Rating {
    /// From the lowest to the highest of the scale.
    pub(crate) shares: Vec<f32>,
    pub(crate) flags: Vec<String>,
}

impl Rater {
    pub(crate) fn load() -> Result<Self, serde_json::Error> {
        serde_json::from_str(LEARNED)
    }

    pub(crate) fn rate(&self, matcher: &Matcher, text: &str, points: usize) -> Rating {
        let by_words = by_words(text);
        let by_meaning = matcher.meaning(text).map(|meaning| self.praise(&meaning));
        let mut flags = Vec::new();
        let conditional = conditional(text);
        if conditional {
            flags.push(
                "the text is conditional (on a price or something else): no single rating is implied"
                    .to_owned(),
            );
        }
        let disagree = by_words.zip(by_meaning).is_some_and(|(words, meaning)| words * meaning < -0.12);
        let place = match (by_words, by_meaning) {
            // Meaning is blind to negation, so words have the say where the two part.
            (Some(words), Some(meaning)) if disagree => 0.9 * words + 0.1 * meaning,
            (Some(words), Some(meaning)) => 0.65 * words + 0.35 * meaning,
            (Some(words), None) => words,
            (None, Some(meaning)) => 0.8 * meaning,
            (None, None) => 0.0,
        };
        if disagree {
            flags.push(
                "words and meaning disagree, as in irony or a turn of mind: the rating is uncertain"
                    .to_owned(),
            );
        }
        if by_words.is_none() {
            flags.push("no evaluative word: rated by likeness alone".to_owned());
        }
        let width = if conditional { 0.9 } else { 0.45 } + if by_words.is_none() { 0.25 } else { 0.0 };
        let place = if conditional { place * 0.6 } else { place };
        Rating { shares: around(place, width, points), flags }
    }

    /// From blame (-1) to praise (1).
    pub(crate) fn place(&self, matcher: &Matcher, text: &str) -> f32 {
        let shares = self.rate(matcher, text, 9).shares;
        shares.iter().zip(0_u8..).map(|(share, at)| share * (f32::from(at) / 4.0 - 1.0)).sum()
    }

    /// From blame (-1) to praise (1), by meaning alone.
    fn praise(&self, meaning: &Meaning) -> f32 {
        2.0 * logistic(dot(meaning, &self.weights) + self.intercept) - 1.0
    }
}

/// Likelier the nearer to `place` on [-1, 1].
fn around(place: f32, width: f32, points: usize) -> Vec<f32> {
    let last = (points.max(2) - 1) as f32;
    softmax((0..points).map(|i| -((i as f32 / last * 2.0 - 1.0 - place) / width).powi(2)).collect())
}

/// What the evaluative words say, each turned by a negation up to three words before it; what follows "but" counts double.
fn by_words(text: &str) -> Option<f32> {
    let has = |list: &str, word: &str| list.split_whitespace().any(|w| w == word);
    let (mut sum, mut weight) = (0.0_f32, 0.0_f32);
    let clauses = text.split([',', ';', '.', '!', '?', ':', '\n']);
    let mut clause_weight = 1.0;
    for clause in clauses {
        let clause = plain(clause);
        let words: Vec<&str> = clause.split(' ').collect();
        for (at, word) in words.iter().enumerate() {
            if matches!(*word, "but" | "however" | "although" | "though" | "yet") {
                clause_weight = 2.0;
            }
            let side = match (has(GOOD, word), has(BAD, word)) {
                (true, false) => 1.0,
                (false, true) => -1.0,
                _ => continue,
            };
            let before = &words[at.saturating_sub(4)..at];
            let negations = before.iter().filter(|w| has(NEGATIONS, w)).count();
            let force = match before.last() {
                Some(last) if has(MORE, last) => 1.3,
                Some(last) if has(LESS, last) => 0.6,
                _ => 1.0,
            };
            // "Not bad" is a weaker praise than "good".
            let turned = if negations % 2 == 1 { -0.7 } else { 1.0 };
            sum += side * force * turned * clause_weight;
            weight += clause_weight;
        }
    }
    (weight > 0.0).then(|| (sum / weight.sqrt() * 0.6).clamp(-1.0, 1.0))
}

fn conditional(text: &str) -> bool {
    let text = format!(" {} ", plain(text));
    CONDITIONS.iter().any(|condition| text.contains(condition))
        && !text.contains(" as if ")
        && !text.contains(" even if ")
}
