//! What a person writes of people, read into the panel's codes. None where it cannot be read.

use super::Test;
use crate::panel::{INCOME, Persona};

pub(super) fn codes(wanted: Vec<usize>, of: fn(&Persona) -> usize) -> Option<Test> {
    Some(Box::new(move |persona| wanted.contains(&of(persona))))
}

pub(super) fn is_home(country: &str) -> bool {
    matches!(
        country,
        "us" | "usa" | "u.s." | "u.s.a." | "united states" | "united states of america" | "america" | "any"
    )
}

pub(super) fn has(text: &str, words: &[&str]) -> bool {
    let text = format!(" {text} ");
    words.iter().any(|word| text.contains(&format!(" {word} ")) || text.contains(&format!(" {word}s ")))
}

pub(super) fn gender(text: &str) -> Option<Test> {
    let woman = has(text, &["women", "woman", "female", "f", "girl", "mother", "mom"]);
    let man = has(text, &["men", "man", "male", "m", "guy", "father", "dad"]);
    (woman != man).then(|| Box::new(move |persona: &Persona| persona.woman == woman) as Test)
}

pub(super) fn age(text: &str) -> Option<Test> {
    let (least, most) = match text {
        _ if has(text, &["gen z"]) => (18, 28),
        _ if has(text, &["millennial"]) => (29, 44),
        _ if has(text, &["gen x"]) => (45, 60),
        _ if has(text, &["boomer"]) => (61, 79),
        _ if has(text, &["young", "young adult", "youth"]) => (18, 29),
        _ if has(text, &["middle aged", "middle age"]) => (40, 60),
        _ if has(text, &["senior", "old", "older", "elderly", "retired"])
            && !text.contains(|c: char| c.is_ascii_digit()) =>
        {
            (65, 200)
        }
        _ => range(text)?,
    };
    Some(Box::new(move |persona| (least..=most).contains(&u32::from(persona.age))))
}

/// "18-34", "65+", "over 50", "under $50k", "30s".
pub(super) fn range(text: &str) -> Option<(u32, u32)> {
    let numbers: Vec<u32> =
        text.split(|c: char| !c.is_alphanumeric() && c != '.').filter_map(number).collect();
    let open = text.contains('+')
        || has(
            text,
            &["over", "above", "older", "more", "higher", "up", "at least", "least", "older than", "from"],
        );
    let below = has(text, &["under", "below", "younger", "less", "less than", "up to", "at most", "lower"]);
    match (numbers.as_slice(), below, open) {
        ([decade], ..) if text.ends_with("0s") => Some((*decade, decade + 9)),
        ([most], true, _) => {
            Some((0, if has(text, &["or", "to", "most"]) { *most } else { most.saturating_sub(1) }))
        }
        ([least], _, true) => {
            Some((if has(text, &["over", "above", "more than"]) { least + 1 } else { *least }, u32::MAX))
        }
        ([exactly], ..) => Some((*exactly, *exactly)),
        ([least, most, ..], ..) if least <= most => Some((*least, *most)),
        _ => None,
    }
}

pub(super) fn number(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
    let value: f64 = digits.trim_end_matches('.').parse().ok()?;
    let scale = match word.trim_start_matches(digits) {
        "k" => 1000.0,
        "m" => 1_000_000.0,
        _ => 1.0,
    };
    Some((value * scale) as u32)
}

pub(super) fn race(text: &str) -> Option<Vec<usize>> {
    match text {
        _ if has(text, &["non white", "nonwhite", "people of color", "minority", "minoritie"]) => {
            Some(vec![1, 2, 3, 4])
        }
        _ if has(text, &["black", "african american", "african"]) => Some(vec![1]),
        _ if has(text, &["white", "caucasian"]) => Some(vec![0]),
        _ if has(text, &["hispanic", "latino", "latina", "latinx"]) => Some(vec![2]),
        _ if has(text, &["asian"]) => Some(vec![3]),
        _ if has(
            text,
            &[
                "other",
                "native",
                "mixed",
                "multiracial",
                "two or more",
                "middle eastern",
                "indigenous",
                "pacific islander",
            ],
        ) =>
        {
            Some(vec![4])
        }
        _ => None,
    }
}

pub(super) fn education(text: &str) -> Option<Vec<usize>> {
    let up = has(text, &["or more", "or higher", "or above", "plus", "at least"]) || text.contains('+');
    let down = has(text, &["or less", "or below", "at most"]);
    let code = match text {
        _ if has(
            text,
            &[
                "no college",
                "non college",
                "noncollege",
                "without a college degree",
                "without a degree",
                "no degree",
                "less than college",
                "not college",
                "no",
            ],
        ) && !has(text, &["no high school", "no hs"]) =>
        {
            return Some(vec![0, 1, 2]);
        }
        _ if has(
            text,
            &[
                "less than high school",
                "no high school",
                "no hs",
                "did not finish",
                "dropout",
                "some high school",
                "primary",
                "elementary",
            ],
        ) =>
        {
            0
        }
        _ if has(
            text,
            &[
                "post grad",
                "postgrad",
                "postgraduate",
                "graduate degree",
                "master",
                "doctorate",
                "phd",
                "professional",
                "advanced",
                "graduate school",
            ],
        ) || text == "graduate" =>
        {
            4
        }
        _ if has(text, &["high school", "hs", "ged", "secondary"]) => 1,
        _ if has(
            text,
            &[
                "some college",
                "associate",
                "associates",
                "2 year",
                "two year",
                "junior college",
                "vocational",
            ],
        ) =>
        {
            2
        }
        _ if has(text, &["4 year", "four year", "bachelor", "bachelors", "ba", "undergraduate"]) => 3,
        _ if has(text, &["college", "university", "degree", "graduate", "yes", "educated", "higher"]) => {
            return Some(vec![3, 4]);
        }
        _ => return None,
    };
    Some(if up {
        (code..5).collect()
    } else if down {
        (0..=code).collect()
    } else {
        vec![code]
    })
}

/// The brackets whose middle lies in the range; if none does, the one that holds the range's own middle.
pub(super) fn income(text: &str) -> Option<Vec<usize>> {
    const MIDDLES: [u32; INCOME.len()] = [14_000, 37_500, 62_500, 87_500, 125_000, 220_000];
    const ENDS: [u32; INCOME.len()] = [25_000, 50_000, 75_000, 100_000, 150_000, u32::MAX];
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return match text {
            _ if has(text, &["low", "lower", "poor", "working class"]) => Some(vec![0, 1]),
            _ if has(text, &["middle", "median", "average"]) => Some(vec![2, 3]),
            _ if has(text, &["high", "upper", "rich", "wealthy", "affluent", "higher"]) => Some(vec![4, 5]),
            _ => None,
        };
    }
    let (least, most) = range(&text.replace('$', ""))?;
    let thousands = |v: u32| if v < 1000 && v > 0 { v * 1000 } else { v };
    let (least, most) = (thousands(least), thousands(most));
    let inside: Vec<usize> = (0..6).filter(|i| (least..=most).contains(&MIDDLES[*i])).collect();
    if !inside.is_empty() {
        return Some(inside);
    }
    let middle = u32::midpoint(least, most.min(400_000));
    Some(vec![ENDS.iter().position(|end| middle < *end).unwrap_or(5)])
}

pub(super) fn region(text: &str) -> Option<Vec<usize>> {
    const STATES: [&str; 4] = [
        "northeast|north east|new england|connecticut|maine|massachusetts|new hampshire|rhode island|vermont|new jersey|new york|pennsylvania",
        "midwest|mid west|illinois|indiana|michigan|ohio|wisconsin|iowa|kansas|minnesota|missouri|nebraska|north dakota|south dakota",
        "south|southern|delaware|maryland|washington dc|district of columbia|virginia|west virginia|north carolina|south carolina|georgia|florida|kentucky|tennessee|mississippi|alabama|oklahoma|texas|arkansas|louisiana",
        "west|western|pacific|mountain|arizona|colorado|idaho|montana|nevada|new mexico|utah|wyoming|alaska|california|hawaii|oregon|washington",
    ];
    let text = text.trim_start_matches("the ");
    let found = STATES
        .iter()
        .position(|states| states.split('|').any(|state| state == text || format!("{state}erners") == text));
    found.map(|code| vec![code])
}

pub(super) fn party(text: &str) -> Option<Vec<usize>> {
    let (lean, strong) = (has(text, &["lean", "leaning", "leaner"]), has(text, &["strong", "strongly"]));
    let weak = has(text, &["weak", "not very strong", "not strong"]);
    let democrat = has(text, &["democrat", "democratic", "dem", "d"]);
    let republican = has(text, &["republican", "rep", "gop", "r"]);
    match text {
        _ if democrat == republican
            && has(
                text,
                &[
                    "independent",
                    "ind",
                    "other",
                    "none",
                    "neither",
                    "unaffiliated",
                    "i",
                    "no party",
                    "third party",
                ],
            ) =>
        {
            Some(vec![2, 3, 4])
        }
        _ if democrat && has(text, &["including", "and", "or"]) => Some(vec![0, 1, 2]),
        _ if republican && has(text, &["including", "and", "or"]) => Some(vec![4, 5, 6]),
        _ if democrat && lean => Some(vec![2]),
        _ if republican && lean => Some(vec![4]),
        _ if democrat && weak => Some(vec![1]),
        _ if republican && weak => Some(vec![5]),
        _ if democrat && strong => Some(vec![0]),
        _ if republican && strong => Some(vec![6]),
        _ if democrat => Some(vec![0, 1]),
        _ if republican => Some(vec![5, 6]),
        _ => None,
    }
}

pub(super) fn ideology(text: &str) -> Option<Vec<usize>> {
    let very = has(text, &["very", "extremely", "strong"]);
    let slight = has(text, &["somewhat", "slightly", "lean"]);
    match text {
        _ if has(text, &["liberal", "progressive", "left"]) => Some(if very {
            vec![0]
        } else if slight {
            vec![1]
        } else {
            vec![0, 1]
        }),
        _ if has(text, &["conservative", "right"]) => Some(if very {
            vec![4]
        } else if slight {
            vec![3]
        } else {
            vec![3, 4]
        }),
        _ if has(text, &["moderate", "middle of the road", "centrist", "middle", "center"]) => Some(vec![2]),
        _ => None,
    }
}

pub(super) fn religion(text: &str) -> Option<Vec<usize>> {
    match text {
        _ if has(
            text,
            &[
                "not religious",
                "no",
                "none",
                "atheist",
                "agnostic",
                "secular",
                "not at all important",
                "not important",
                "nonreligious",
            ],
        ) =>
        {
            Some(vec![0, 1])
        }
        _ if has(text, &["not too important"]) => Some(vec![1]),
        _ if has(text, &["somewhat important"]) => Some(vec![2]),
        _ if has(text, &["very important", "very religious", "devout", "evangelical"]) => Some(vec![3]),
        _ if has(text, &["religious", "yes", "important", "christian", "believer", "religion"]) => {
            Some(vec![2, 3])
        }
        _ => None,
    }
}
