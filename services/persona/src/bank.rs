//! The question bank: survey items with fitted response models, and priors where no rows can be had.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::panel::{FEATURES, Panel, Persona};

const ITEMS: &str = include_str!("../data/items.json");

/// What an item's coefficients rest on.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A multinomial model fitted to survey respondents.
    Survey,
    /// A judgement of the service's authors.
    Prior,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) source: String,
    /// Respondents that the fit saw.
    pub(crate) n: u32,
    pub(crate) kind: Kind,
    pub(crate) options: Vec<ItemOption>,
    coefficients: Vec<[f32; FEATURES]>,
    #[serde(skip)]
    leanings: OnceLock<Vec<f32>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ItemOption {
    pub(crate) label: String,
    /// From -1 (most against the proposition) to 1.
    pub(crate) at: f32,
}

#[derive(Deserialize)]
struct Bank {
    items: Vec<Item>,
}

pub(crate) fn load() -> Result<Vec<Item>, serde_json::Error> {
    Ok(serde_json::from_str::<Bank>(ITEMS)?.items)
}

impl Item {
    /// How likely each option is for this person.
    pub(crate) fn shares(&self, persona: &Persona) -> Vec<f32> {
        let dot = |row: &[f32; FEATURES]| row.iter().zip(&persona.features).map(|(b, x)| b * x).sum::<f32>();
        softmax(self.coefficients.iter().map(dot).collect())
    }

    /// The leaning of everybody in the panel towards the proposition, as a logit; reckoned once.
    pub(crate) fn leanings(&self, panel: &Panel) -> &[f32] {
        self.leanings.get_or_init(|| panel.people.iter().map(|persona| self.leaning(persona)).collect())
    }

    fn leaning(&self, persona: &Persona) -> f32 {
        let shares = self.shares(persona);
        let mean: f32 = shares.iter().zip(&self.options).map(|(share, option)| share * option.at).sum();
        let share = f32::midpoint(1.0, mean).clamp(0.01, 0.99);
        (share / (1.0 - share)).ln()
    }
}

pub(crate) fn softmax(mut values: Vec<f32>) -> Vec<f32> {
    let top = values.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for value in &mut values {
        *value = (*value - top).exp();
        sum += *value;
    }
    values.iter_mut().for_each(|value| *value /= sum);
    values
}
