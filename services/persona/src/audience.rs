//! Whom to ask, as words or ranges that a person would write.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    panel::{INCOME, Persona},
    scale::plain,
};

/// Whom to ask. Every field takes words or ranges ("women", "18-34", "65+", "college graduate", "under $50k", "South", "Republican",
/// "conservative"), or a list of them, of which any may hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Audience {
    /// The panel holds the United States. Elsewhere its people stand in by gender, age and education, and the answer says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    race: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    education: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    income: Option<Words>,
    /// A census region or a state, which stands for its region.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    party: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ideology: Option<Words>,
    /// How important religion is: "religious", "not religious", "very important".
    #[serde(skip_serializing_if = "Option::is_none")]
    religion: Option<Words>,
}

/// A word, a number or several.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Number(u32),
    Range { min: Option<u32>, max: Option<u32> },
    Any(Vec<Self>),
}

impl Words {
    fn phrases(&self) -> Vec<String> {
        match self {
            Self::One(text) => text.split([',', ';']).flat_map(|part| joined(part, text)).collect(),
            Self::Number(number) => vec![number.to_string()],
            Self::Range { min, max } => {
                vec![format!("{} to {}", min.unwrap_or(0), max.unwrap_or(1_000_000_000))]
            }
            Self::Any(many) => many.iter().flat_map(Self::phrases).collect(),
        }
    }
}

/// A comma between digits belongs to a number: "$50,000-99,999" is one phrase.
fn joined(part: &str, whole: &str) -> Option<String> {
    if whole.chars().any(|c| c.is_ascii_digit()) && whole.contains(',') {
        return whole.starts_with(part).then(|| whole.replace(',', ""));
    }
    Some(part.to_owned())
}

/// An audience that cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum AudienceError {
    /// A phrase that no field's words explain.
    #[error("audience.{field}: cannot tell whom `{phrase}` means")]
    Unknown {
        /// Which field.
        field: &'static str,
        /// What was written.
        phrase: String,
    },
    /// Nobody in the panel is all of this.
    #[error("nobody in the panel matches this audience; leave out a field or widen a range")]
    Nobody,
}

/// One condition: the codes or the range that hold.
type Test = Box<dyn Fn(&Persona) -> bool + Send + Sync>;

/// Reads a phrase of one field.
type Reader = fn(&str) -> Option<Test>;

/// A readable audience, compiled.
pub(crate) struct Selection {
    any_of: Vec<Vec<Test>>,
    /// The country asked for, when it is not the panel's.
    pub(crate) abroad: Option<String>,
}

impl Selection {
    pub(crate) fn holds(&self, persona: &Persona) -> bool {
        self.any_of.iter().all(|tests| tests.iter().any(|test| test(persona)))
    }
}

impl Audience {
    pub(crate) fn select(&self) -> Result<Selection, AudienceError> {
        let abroad =
            self.country.as_ref().and_then(|words| words.phrases().into_iter().find(|c| !is_home(&plain(c))));
        let mut any_of = Vec::new();
        for (field, words, read) in self.fields() {
            // Parties, races and incomes of the United States say nothing of people elsewhere.
            let foreign = abroad.is_some() && matches!(field, "race" | "income" | "region" | "party");
            let Some(words) = words.as_ref().filter(|_| !foreign) else { continue };
            let mut tests = Vec::new();
            for phrase in words.phrases() {
                let text = plain(&phrase);
                if matches!(text.as_str(), "" | "any" | "all" | "everyone" | "adults" | "both") {
                    tests.push(Box::new(|_: &Persona| true) as Test);
                    continue;
                }
                tests.push(read(&text).ok_or(AudienceError::Unknown { field, phrase })?);
            }
            any_of.push(tests);
        }
        Ok(Selection { any_of, abroad })
    }

    fn fields(&self) -> [(&'static str, &Option<Words>, Reader); 9] {
        [
            ("gender", &self.gender, gender),
            ("age", &self.age, age),
            ("race", &self.race, |t| codes(race(t)?, |p| p.race)),
            ("education", &self.education, |t| codes(education(t)?, |p| p.education)),
            ("income", &self.income, |t| codes(income(t)?, |p| p.income)),
            ("region", &self.region, |t| codes(region(t)?, |p| p.region)),
            ("party", &self.party, |t| codes(party(t)?, |p| p.party)),
            ("ideology", &self.ideology, |t| codes(ideology(t)?, |p| p.ideology)),
            ("religion", &self.religion, |t| codes(religion(t)?, |p| p.religion)),
        ]
    }
}

/// A question's options that are themselves a field of the panel ("Democrat", "Republican", "Independent"): a test an option.
pub(crate) fn field_tests(options: &[String]) -> Option<Vec<Test>> {
    let readers: [Reader; 4] = [
        gender,
        |t| codes(party(t)?, |p| p.party),
        |t| codes(ideology(t)?, |p| p.ideology),
        |t| codes(race(t)?, |p| p.race),
    ];
    readers.iter().find_map(|read| options.iter().map(|option| read(&plain(option))).collect())
}

fn codes(wanted: Vec<usize>, of: fn(&Persona) -> usize) -> Option<Test> {
    Some(Box::new(move |persona| wanted.contains(&of(persona))))
}

fn is_home(country: &str) -> bool {
    matches!(
        country,
        "us" | "usa" | "u.s." | "u.s.a." | "united states" | "united states of america" | "america" | "any"
    )
}

fn has(text: &str, words: &[&str]) -> bool {
    let text = format!(" {text} ");
    words.iter().any(|word| text.contains(&format!(" {word} ")) || text.contains(&format!(" {word}s ")))
}

fn gender(text: &str) -> Option<Test> {
    let woman = has(text, &["women", "woman", "female", "f", "girl", "mother", "mom"]);
    let man = has(text, &["men", "man", "male", "m", "guy", "father", "dad"]);
    (woman != man).then(|| Box::new(move |persona: &Persona| persona.woman == woman) as Test)
}

fn age(text: &str) -> Option<Test> {
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
fn range(text: &str) -> Option<(u32, u32)> {
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

fn number(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
    let value: f64 = digits.trim_end_matches('.').parse().ok()?;
    let scale = match word.trim_start_matches(digits) {
        "k" => 1000.0,
        "m" => 1_000_000.0,
        _ => 1.0,
    };
    Some((value * scale) as u32)
}

fn race(text: &str) -> Option<Vec<usize>> {
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

fn education(text: &str) -> Option<Vec<usize>> {
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
fn income(text: &str) -> Option<Vec<usize>> {
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

fn region(text: &str) -> Option<Vec<usize>> {
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

fn party(text: &str) -> Option<Vec<usize>> {
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

fn ideology(text: &str) -> Option<Vec<usize>> {
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

fn religion(text: &str) -> Option<Vec<usize>> {
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

#[cfg(test)]
mod tests {
    use super::Audience;
    use crate::panel::Panel;

    fn share(audience: &str) -> f64 {
        let audience: Audience = serde_json::from_str(audience).expect("an audience");
        let selection = audience.select().expect("readable");
        let panel = Panel::load().expect("a panel");
        let count = panel.people.iter().filter(|persona| selection.holds(persona)).count();
        (count as f64 / 100.0).round()
    }

    #[test]
    fn people_are_selected_by_the_words_that_a_person_would_write() {
        assert_eq!(share("{}"), 100.0);
        assert_eq!(share(r#"{"gender":"women"}"#), 50.0);
        assert_eq!(share(r#"{"gender":"women","age":"18-29"}"#), 10.0);
        assert_eq!(share(r#"{"age":"65+"}"#), 23.0);
        assert_eq!(share(r#"{"age":{"min":65}}"#), 23.0);
        assert_eq!(share(r#"{"age":"65 and older"}"#), 23.0);
        assert_eq!(share(r#"{"age":["18-29","65+"]}"#), share(r#"{"age":"under 30"}"#) + 23.0);
        assert_eq!(share(r#"{"race":"African American"}"#), 12.0);
        assert!((33.0..36.0).contains(&share(r#"{"education":"college graduate"}"#)));
        assert!((64.0..67.0).contains(&share(r#"{"education":"no college degree"}"#)));
        assert!((33.0..35.0).contains(&share(r#"{"income":"under $50k"}"#)));
        assert_eq!(share(r#"{"income":"$50,000-$99,999"}"#), share(r#"{"income":"50k to 100k"}"#));
        assert_eq!(share(r#"{"region":"Texas"}"#), 38.0);
        assert!((30.0..33.0).contains(&share(r#"{"party":"Republicans"}"#)));
        assert!((36.0..40.0).contains(&share(r#"{"ideology":"conservative"}"#)));
    }

    #[test]
    fn what_nobody_could_read_is_named() {
        let audience: Audience = serde_json::from_str(r#"{"region":"Atlantis"}"#).expect("an audience");
        let error = audience.select().err().expect("an error").to_string();
        assert_eq!(error, "audience.region: cannot tell whom `Atlantis` means");
    }
}
