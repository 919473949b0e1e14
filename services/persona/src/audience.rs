//! Whom to ask, as words or ranges that a person would write.

mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::words::{age, codes, education, gender, ideology, income, is_home, party, race, region, religion};
use crate::{panel::Persona, scale::plain};

/// Whom to ask. Every field takes words or ranges ("women", "18-34", "65+", "college graduate", "under $50k", "South", "Republican",
/// "conservative"), or a list of them, of which any may hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
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

    /// Within a point of what the panel is raked to.
    fn near(share: f64, cited: f64) -> bool {
        (share - cited).abs() <= 1.0
    }

    #[test]
    fn people_are_selected_by_the_words_that_a_person_would_write() {
        assert_eq!(share("{}"), 100.0);
        assert!(near(share(r#"{"gender":"women"}"#), 50.0));
        assert!(near(share(r#"{"gender":"women","age":"18-29"}"#), 10.0));
        assert!(near(share(r#"{"age":"65+"}"#), 23.0));
        assert!(near(share(r#"{"age":{"min":65}}"#), 23.0));
        assert!(near(share(r#"{"age":"65 and older"}"#), 23.0));
        assert_eq!(
            share(r#"{"age":["18-29","65+"]}"#).round(),
            share(r#"{"age":["under 30",{"min":65}]}"#).round()
        );
        assert!(near(share(r#"{"race":"African American"}"#), 12.0));
        assert!((33.0..36.0).contains(&share(r#"{"education":"college graduate"}"#)));
        assert!((64.0..67.0).contains(&share(r#"{"education":"no college degree"}"#)));
        assert!((33.0..35.0).contains(&share(r#"{"income":"under $50k"}"#)));
        assert_eq!(share(r#"{"income":"$50,000-$99,999"}"#), share(r#"{"income":"50k to 100k"}"#));
        assert!(near(share(r#"{"region":"Texas"}"#), 39.0));
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
