//! How far the words of an option stand for the proposition.

/// Whole phrases that say more than their words.
const PHRASES: [(&str, f32); 61] = [
    ("not at all", -1.0),
    ("none at all", -1.0),
    ("not too", -0.5),
    ("not very", -0.5),
    ("not much", -0.5),
    ("not so", -0.5),
    ("none of the time", -1.0),
    ("hardly", -0.8),
    ("only a little", -0.4),
    ("a little", -0.3),
    ("some of the time", -0.2),
    ("some", 0.0),
    ("excellent", 1.0),
    ("very good", 0.85),
    ("most of the time", 0.5),
    ("just about always", 1.0),
    ("a great deal", 1.0),
    ("a lot", 0.9),
    ("quite a", 0.6),
    ("a moderate amount", 0.1),
    ("too little", 1.0),
    ("too much", -1.0),
    ("too few", 1.0),
    ("too many", -1.0),
    ("about the right", 0.0),
    ("about right", 0.0),
    ("right amount", 0.0),
    ("about the same", 0.0),
    ("the same", 0.0),
    ("stay", 0.0),
    ("stayed", 0.0),
    ("maintain", 0.0),
    ("kept", 0.0),
    ("no change", 0.0),
    ("neither", 0.0),
    ("neutral", 0.0),
    ("in between", 0.0),
    ("mixed", 0.0),
    ("depends", 0.0),
    ("average", 0.0),
    ("middle", 0.0),
    ("maybe", 0.0),
    ("might or might", 0.0),
    ("more than once", 1.0),
    ("once a week", 0.7),
    ("once or twice a month", 0.4),
    ("few times a year", -0.1),
    ("every day", 1.0),
    ("daily", 1.0),
    ("weekly", 0.6),
    ("monthly", 0.3),
    ("once a year", -0.4),
    ("only now and then", -0.4),
    ("sometimes", 0.0),
    ("occasionally", -0.2),
    ("rarely", -0.6),
    ("seldom", -0.6),
    ("never", -1.0),
    ("always", 1.0),
    ("often", 0.6),
    ("usually", 0.7),
];
const FOR: &str = "yes agree agrees support supports favor favour favorable favourable favorably favourably approve approves for good better \
    excellent increase increased increases expand more likely satisfied important trust true happy safe \
    higher confident legal allow should justified justifiable selected positive would will willing \
    interested easier acceptable right useful concerned all great up helpful appealing believe very \
    extremely many";
const AGAINST: &str = "no disagree disagrees oppose opposes disapprove disapproves unfavorable unfavourable unfavorably unfavourably against bad \
    worse decrease decreased decreases reduce less fewer unlikely dissatisfied unsatisfied unimportant \
    distrust mistrust false unhappy unsafe lower illegal prohibit ban wrong negative unwilling \
    uninterested harder unacceptable unjustified poor terrible down none few useless";
const STRONG: &str = "strongly very extremely completely definitely greatly much totally absolutely fully certainly lot \
    gotten all";
const WEAK: &str =
    "somewhat slightly mostly probably fairly moderately tend lean rather partly pretty bit generally";

/// How far a label stands for the proposition, if it says.
pub(super) fn valence(text: &str) -> Option<f32> {
    if text == "fair" || text == "only fair" {
        return Some(-0.3);
    }
    let words: Vec<&str> = text.split(' ').collect();
    let starts = |phrase: &str| {
        text == phrase
            || text.starts_with(&format!("{phrase} "))
            || format!(" {text} ").contains(&format!(" {phrase} "))
    };
    if let Some((_, value)) = PHRASES.iter().find(|(phrase, _)| starts(phrase)) {
        return Some(*value);
    }
    let has = |list: &str| list.split_whitespace().any(|word| words.contains(&word));
    let negated = has("not nor dont wouldnt shouldnt isnt wont doesnt cannot cant");
    let side = match (has(AGAINST), has(FOR)) {
        (true, _) => -1.0,
        (_, true) => 1.0,
        (false, false) if has("somewhat moderately slightly") => return Some(0.2),
        (false, false) => return None,
    };
    let side = if negated { -side } else { side };
    let force = match (has(WEAK), has(STRONG)) {
        (true, _) => 0.5,
        (_, true) => 1.0,
        _ => 0.75,
    };
    Some(side * force)
}
