//! The question bank: survey items with fitted response models, and priors where no rows can be had.

use std::ops::RangeInclusive;

use serde::Deserialize;

use crate::{
    panel::{
        FEATURES, Persona,
        feature::{PARTY, RELIGION},
    },
    stance::{partisan, stance},
};

/// Party, its strength, ideology and religion among the features.
const POLITICS: RangeInclusive<usize> = PARTY..=RELIGION;

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
    /// How far an answer goes towards the proposition, as a logit: the mean over the panel, then what each feature adds beside it.
    pub(crate) leaning: [f32; FEATURES],
    /// How far apart its options are (see [`crate::estimate::on_scale`]).
    pub(crate) width: f32,
    /// What its survey knew of people.
    #[serde(skip)]
    pub(crate) known: [bool; FEATURES],
    /// The side that its text takes, and of whom.
    #[serde(skip)]
    pub(crate) side: f32,
    #[serde(skip)]
    pub(crate) party: f32,
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
    let mut items = serde_json::from_str::<Bank>(ITEMS)?.items;
    for item in &mut items {
        item.side = stance(&item.text);
        item.party = partisan(&item.text);
        item.known = item.knows();
    }
    Ok(items)
}

impl Item {
    /// How likely each option is for this person.
    ///
    /// `more` is added to the leaning of the last option over the first, and in proportion between.
    pub(crate) fn shares(&self, persona: &Persona, more: f32) -> Vec<f32> {
        let dot = |row: &[f32; FEATURES]| row.iter().zip(&persona.features).map(|(b, x)| b * x).sum::<f32>();
        let logits = self
            .coefficients
            .iter()
            .zip(&self.options)
            .map(|(row, option)| dot(row) + more * option.at / 2.0);
        softmax(logits.collect())
    }

    /// Where its options are among as many places on the asker's scale, if it takes the same side.
    pub(crate) fn at_places(&self, places: &[f32], side: f32) -> Option<Vec<usize>> {
        let at = |place: &f32| self.options.iter().position(|option| (option.at - place).abs() < 0.01);
        let same = self.kind == Kind::Survey && self.options.len() == places.len() && self.side * side > 0.0;
        places.iter().map(at).collect::<Option<_>>().filter(|_| same)
    }

    pub(crate) fn is_of_amounts(&self) -> bool {
        self.options.iter().any(|option| option.label == "too little")
    }

    /// A feature without any slope is one that the survey did not have. Of politics and religion each stands for the others.
    fn knows(&self) -> [bool; FEATURES] {
        let has = |at: usize| at == 0 || self.kind == Kind::Prior || self.leaning[at] != 0.0;
        let politics = POLITICS.into_iter().any(has);
        std::array::from_fn(|at| has(at) || politics && POLITICS.contains(&at))
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
