//! Options that are amounts, or how often something is done.

/// What may stand before a number, and how it moves it.
const BEFORE: [(&str, f32); 20] = [
    ("about", 0.0),
    ("around", 0.0),
    ("only", 0.0),
    ("just", 0.0),
    ("exactly", 0.0),
    ("nearly", 0.0),
    ("almost", 0.0),
    ("between", 0.0),
    ("from", 0.0),
    ("at least", 0.1),
    ("at most", -0.1),
    ("up to", -0.1),
    ("no more than", -0.1),
    ("more than", 0.5),
    ("over", 0.5),
    ("above", 0.5),
    ("less than", -0.5),
    ("fewer than", -0.5),
    ("under", -0.5),
    ("below", -0.5),
];
const AFTER: [(&str, f32); 5] =
    [("or more", 0.1), ("and more", 0.1), ("or over", 0.1), ("or less", -0.1), ("or fewer", -0.1)];
const WORDS: [&str; 11] =
    ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
/// A period and how many of it a year has.
const PERIODS: [(&str, &str, f32); 4] =
    [("day", "daily", 365.0), ("week", "weekly", 52.0), ("month", "monthly", 12.0), ("year", "yearly", 1.0)];

/// The number that an option is or begins with, a little more or less where it says so.
pub(super) fn amount(text: &str) -> Option<f32> {
    if matches!(text, "none" | "zero" | "never" | "not any" | "nothing") {
        return Some(0.0);
    }
    let (mut rest, mut moved) = (text, 0.0);
    while let Some((after, by)) =
        BEFORE.iter().find_map(|(phrase, by)| Some((rest.strip_prefix(phrase)?.strip_prefix(' ')?, by)))
    {
        (rest, moved) = (after, moved + by);
    }
    let first = rest.split_whitespace().next()?;
    let digits = first.trim_start_matches('$').trim_end_matches(['+', '%']);
    let word = || WORDS.iter().position(|word| *word == first).map(|number| number as f32);
    let number = digits.parse::<f32>().ok().or_else(word)?;
    let more = AFTER.iter().find(|(phrase, _)| rest.contains(phrase)).map_or(0.0, |(_, by)| *by);
    let open = if first.ends_with('+') { 0.1 } else { 0.0 };
    Some(number + moved + more + open)
}

/// How many times a year something is done, a little more or less where the option says so.
pub(super) fn times(text: &str) -> Option<f32> {
    if matches!(text, "never" | "not at all" | "none") {
        return Some(0.0);
    }
    if ["rarely", "seldom", "hardly ever", "almost never", "less often"]
        .iter()
        .any(|word| text.starts_with(word))
    {
        return Some(0.3);
    }
    let has = |phrase: &str| format!(" {text} ").contains(&format!(" {phrase} "));
    let (_, _, a_year) = PERIODS.iter().find(|(period, each, _)| has(period) || has(each))?;
    let count = if has("several times") {
        4.0
    } else if has("few times") {
        3.0
    } else if has("twice") {
        2.0
    } else {
        text.split_once(" times").and_then(|(number, _)| amount(number)).unwrap_or(1.0)
    };
    let more = [
        ("more than", 1.6),
        ("or more", 1.1),
        ("at least", 1.1),
        ("less than", 0.6),
        ("or less", 0.9),
        ("at most", 0.9),
        ("every other", 0.5),
    ];
    let factor = more.iter().find(|(phrase, _)| has(phrase)).map_or(1.0, |(_, factor)| *factor);
    let nearly = if has("nearly every") || has("almost every") { 0.9 } else { 1.0 };
    Some(count * a_year * factor * nearly)
}
