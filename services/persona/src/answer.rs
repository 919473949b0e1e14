//! What comes back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::request::{Kind, Mode};

/// Answers of personas, with what they rest on.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Answer {
    pub(crate) mode: Mode,
    pub(crate) question: String,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// Personas asked.
    pub(crate) n: u32,
    /// People of the panel that the audience selects; the distribution is theirs.
    pub(crate) effective_n: usize,
    pub(crate) answers: Vec<PersonaAnswer>,
    /// Option to share, in the order asked. For `multiple_choice`, the share that picks each.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeMap<String, f64>>")]
    pub distribution: Option<Distribution>,
    /// Option to the ends of a 90 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeMap<String, [f64; 2]>>")]
    pub(crate) interval: Option<Labelled<[f64; 2]>>,
    /// The mean of options that are numbers, or of places counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mean: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) themes: Vec<Theme>,
    pub(crate) calibration: Calibration,
    pub(crate) provenance: Provenance,
    /// What could not be judged, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) flags: Vec<String>,
    pub(crate) note: &'static str,
}

/// The sentence that goes with every answer.
pub(crate) const NOTE: &str =
    "A hypothesis tool, not evidence of demand: synthetic answers are not a sample of people.";

/// One persona's answer.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub(crate) struct PersonaAnswer {
    /// `GET /v1/personas/{id}` has the record.
    pub(crate) persona: String,
    pub(crate) who: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) choice: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) choices: Vec<String>,
    pub(crate) quote: String,
    /// From -1 to 1.
    pub(crate) sentiment: f64,
}

/// What many personas brought up.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub(crate) struct Theme {
    pub(crate) theme: String,
    pub(crate) personas: usize,
    pub(crate) quotes: Vec<String>,
}

/// What the numbers rest on.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub(crate) struct Calibration {
    pub(crate) grade: Grade,
    pub(crate) source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<String>,
    /// Of the question and the item, from 0 to 1.
    pub(crate) similarity: f64,
}

/// How far to trust the numbers.
#[derive(Clone, Copy, Debug, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// An item of a real survey asks the same, and a model fitted to its respondents answers.
    SurveyMatched,
    /// Rules and priors of ours, put together from items that ask something near.
    Composed,
    /// A prior of ours.
    ModelOnly,
}

/// What would make the same answer again.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub(crate) struct Provenance {
    pub(crate) backend: &'static str,
    pub(crate) model: String,
    /// SHA-256 of the canonical request.
    pub(crate) prompt_hash: String,
    pub(crate) panel_version: &'static str,
    pub(crate) seed: u64,
}

/// Values by label, in the order of the labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled<T>(pub Vec<(String, T)>);

/// Shares by option.
pub type Distribution = Labelled<f64>;

impl<T: Serialize> Serialize for Labelled<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(label, value)| (label, value)))
    }
}
