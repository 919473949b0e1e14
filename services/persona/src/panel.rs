//! The synthetic population: ten thousand adults of the United States, raked to cited margins.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Raised whenever `data/panel.csv` is made anew, so that an id means one person for ever.
pub(crate) const VERSION: &str = "us-2026.3";
/// How many features describe a person (`data/features.py` names them, in this order).
pub(crate) const FEATURES: usize = 17;
/// Where some of them are.
pub(crate) mod feature {
    pub(crate) const PARTY: usize = 13;
    pub(crate) const IDEOLOGY: usize = 15;
    pub(crate) const RELIGION: usize = 16;
}

const PEOPLE: &str = include_str!("../data/panel.csv");
const MARGINS: &str = include_str!("../data/margins.json");

pub(crate) const RACES: [&str; 5] = ["white", "Black", "Hispanic", "Asian", "other"];
pub(crate) const EDUCATION: [&str; 5] =
    ["less than high school", "high school", "some college", "bachelor's degree", "graduate degree"];
pub(crate) const INCOME: [&str; 6] = [
    "under $25,000",
    "$25,000-49,999",
    "$50,000-74,999",
    "$75,000-99,999",
    "$100,000-149,999",
    "$150,000 or more",
];
pub(crate) const REGIONS: [&str; 4] = ["Northeast", "Midwest", "South", "West"];
pub(crate) const PARTIES: [&str; 7] = [
    "strong Democrat",
    "Democrat",
    "independent, leans Democratic",
    "independent",
    "independent, leans Republican",
    "Republican",
    "strong Republican",
];
pub(crate) const IDEOLOGY: [&str; 5] =
    ["very liberal", "liberal", "moderate", "conservative", "very conservative"];
pub(crate) const RELIGION: [&str; 4] =
    ["not at all important", "not too important", "somewhat important", "very important"];

/// One synthetic person. Codes index the lists above.
#[derive(Clone, Debug)]
pub(crate) struct Persona {
    pub(crate) index: usize,
    pub(crate) woman: bool,
    pub(crate) age: u8,
    pub(crate) race: usize,
    pub(crate) education: usize,
    pub(crate) income: usize,
    pub(crate) region: usize,
    pub(crate) party: usize,
    pub(crate) ideology: usize,
    pub(crate) religion: usize,
    /// Agreeableness, conscientiousness, extraversion, neuroticism, openness, in standard deviations.
    pub(crate) traits: [f32; 5],
    pub(crate) features: [f32; FEATURES],
}

/// All of them, with the margins that they were raked to.
pub(crate) struct Panel {
    pub(crate) people: Vec<Persona>,
    /// Of every feature.
    pub(crate) mean: [f32; FEATURES],
    by_id: HashMap<String, usize>,
    margins: Value,
}

/// The shipped panel cannot be read: a fault of the build, found at start.
#[derive(Debug, thiserror::Error)]
#[error("the panel's data cannot be read at line {0}")]
pub struct PanelError(usize);

impl Panel {
    pub(crate) fn load() -> Result<Self, PanelError> {
        let lines = PEOPLE.lines().skip(1).enumerate();
        let people: Result<Vec<_>, _> =
            lines.map(|(i, line)| person(i, line).ok_or(PanelError(i + 2))).collect();
        let people = people?;
        let by_id = people.iter().map(|persona| (persona.id(), persona.index)).collect();
        let count = people.len() as f32;
        let mean =
            std::array::from_fn(|at| people.iter().map(|p: &Persona| p.features[at]).sum::<f32>() / count);
        Ok(Self { people, mean, by_id, margins: serde_json::from_str(MARGINS).map_err(|_| PanelError(0))? })
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Persona> {
        self.people.get(*self.by_id.get(id)?)
    }

    /// The cited margins beside the panel's own.
    pub(crate) fn margins(&self) -> Value {
        let mut shown = self.margins.clone();
        for margin in shown["margins"].as_array_mut().into_iter().flatten() {
            let field = margin["field"].as_str().unwrap_or_default().to_owned();
            let shares = margin["shares"].as_array_mut().into_iter().flatten();
            for (code, share) in shares.enumerate() {
                let count = self.people.iter().filter(|persona| persona.code(&field) == code).count();
                let own = count as f64 * 100.0 / self.people.len() as f64;
                *share = json!({"label": share[0], "cited": share[1], "panel": own});
            }
        }
        shown["panel_version"] = VERSION.into();
        shown["personas"] = self.people.len().into();
        shown
    }
}

/// A field of a persona, and how it is known.
#[derive(Serialize)]
struct Fact {
    value: Value,
    basis: &'static str,
}

impl Persona {
    /// The same for ever within a panel's version.
    pub(crate) fn id(&self) -> String {
        let digest = Sha256::digest(format!("{VERSION}/{}", self.index));
        format!("p_{}", hex::encode(&digest[..8]))
    }

    pub(crate) const fn gender(&self) -> &'static str {
        if self.woman { "woman" } else { "man" }
    }

    /// Its record. `measured`: a margin of the population that the panel is raked to. `conditional`: drawn from a model fitted to
    /// survey respondents, given the measured fields. Nothing in a record is invented.
    pub(crate) fn record(&self) -> Value {
        let fact = |value: Value, basis| Fact { value, basis };
        let traits = ["agreeableness", "conscientiousness", "extraversion", "neuroticism", "openness"];
        let traits: serde_json::Map<_, _> = traits
            .iter()
            .zip(self.traits)
            .map(|(name, z)| ((*name).to_owned(), json!((f64::from(z) * 10.0).round() / 10.0)))
            .collect();
        json!({
            "id": self.id(),
            "panel_version": VERSION,
            "country": fact("US".into(), "measured"),
            "gender": fact(self.gender().into(), "measured"),
            "age": fact(self.age.into(), "measured"),
            "race": fact(RACES[self.race].into(), "measured"),
            "education": fact(EDUCATION[self.education].into(), "measured"),
            "household_income": fact(INCOME[self.income].into(), "measured"),
            "region": fact(REGIONS[self.region].into(), "measured"),
            "party": fact(PARTIES[self.party].into(), "conditional"),
            "ideology": fact(IDEOLOGY[self.ideology].into(), "conditional"),
            "religion_in_life": fact(RELIGION[self.religion].into(), "conditional"),
            "temperament": fact(Value::Object(traits), "conditional"),
        })
    }

    fn code(&self, field: &str) -> usize {
        let band = match self.age {
            ..=29 => 0,
            30..=44 => 1,
            45..=64 => 2,
            65.. => 3,
        };
        let side = self.party.saturating_sub(2).min(2);
        match field {
            "gender_age" => usize::from(!self.woman) * 4 + band,
            "degree_party" => usize::from(self.education < 3) * 3 + side,
            "age_party" => band * 3 + side,
            "race" => self.race,
            "education" => self.education,
            "region" => self.region,
            "income" => self.income,
            "party" => self.party,
            "ideology" => self.ideology,
            "religion" => self.religion,
            _ => usize::MAX,
        }
    }
}

fn person(index: usize, line: &str) -> Option<Persona> {
    let values: Vec<f32> = line.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
    let &[gender, age, race, education, income, region, party, ideology, religion, a, c, e, n, o] =
        values.as_slice()
    else {
        return None;
    };
    let code = |value: f32, of: usize| Some(value as usize).filter(|code| *code < of);
    let mut persona = Persona {
        index,
        woman: gender == 0.0,
        age: age as u8,
        race: code(race, 5)?,
        education: code(education, 5)?,
        income: code(income, 6)?,
        region: code(region, 4)?,
        party: code(party, 7)?,
        ideology: code(ideology, 5)?,
        religion: code(religion, 4)?,
        traits: [a, c, e, n, o],
        features: [0.0; FEATURES],
    };
    persona.features = features(&persona);
    Some(persona)
}

/// As `design` of `data/features.py`.
fn features(p: &Persona) -> [f32; FEATURES] {
    let is = |condition: bool| f32::from(u8::from(condition));
    let age = ((f32::from(p.age) - 48.0) / 17.0).clamp(-1.8, 2.0);
    let party = (p.party as f32 - 3.0) / 3.0;
    [
        1.0,
        is(p.woman),
        age,
        age * age - 1.0,
        is(p.race == 1),
        is(p.race == 2),
        is(p.race == 3),
        is(p.race == 4),
        (p.education as f32 - 2.0) / 1.3,
        (p.income as f32 - 2.5) / 1.6,
        is(p.region == 0),
        is(p.region == 2),
        is(p.region == 3),
        party,
        party.abs() - 0.55,
        (p.ideology as f32 - 2.0) / 2.0,
        (p.religion as f32 - 1.5) / 1.5,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_that_was_made_anew_has_a_version_of_its_own() {
        let known = ("us-2026.3", "fb2b821daee185924ad37f8d2e1fc3a4345f4c310e7179bbe153560881f264d2");
        assert_eq!((VERSION, hex::encode(Sha256::digest(PEOPLE)).as_str()), known);
    }
}
