//! What comes back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::{
    compose::themes,
    request::{Kind, Mode},
    session::{Contradiction, Session},
};

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
    /// Where somebody says something else than earlier in the interview.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) contradictions: Vec<Contradiction>,
    pub(crate) calibration: Calibration,
    pub(crate) provenance: Provenance,
    /// What could not be judged, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) flags: Vec<String>,
    /// In an interview: what to send back with the next question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<Session>,
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
    /// Who worded the quote.
    pub(crate) words: Speaker,
    /// From -1 to 1.
    pub(crate) sentiment: f64,
}

/// Who words what a persona says.
#[derive(Clone, Copy, Debug, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Speaker {
    /// The service, from the persona's record.
    Composed,
    /// A language model, within the numbers of the service.
    Model,
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
    pub(crate) words: Words,
}

/// Who worded the quotes, and what that cost the service.
#[derive(Clone, Debug, Default, JsonSchema, Serialize)]
pub(crate) struct Words {
    /// `composed`, `openai` or `anthropic`.
    pub(crate) backend: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    /// Quotes of the model.
    pub(crate) spoken: u32,
    /// Quotes of the model that said something else than was decided, and were replaced by composed ones.
    pub(crate) rejected: u32,
    /// Personas for whom the model did not answer, and whose quotes are composed.
    pub(crate) silent: u32,
    /// Tokens that the model reported, for quotes that were rejected too.
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    pub(crate) cost_usd: f64,
}

impl Answer {
    /// Whether the model was there for everybody whom it was to speak for.
    pub(crate) const fn complete(&self) -> bool {
        self.provenance.words.silent == 0
    }

    /// After quotes were replaced: all that is made of them again.
    pub(crate) fn reworded(&mut self, words: Words) {
        self.flags.extend(words.flags());
        self.themes = themes(&self.answers);
        if let Some(turn) = self.session.as_mut().and_then(|session| session.turns.last_mut()) {
            turn.reword(&self.answers);
        }
        self.provenance.words = words;
    }
}

impl Words {
    /// Nobody's but the service's.
    pub(crate) fn composed() -> Self {
        Self { backend: "composed", ..Self::default() }
    }

    /// What a buyer should know of them.
    pub(crate) fn flags(&self) -> impl Iterator<Item = String> {
        let count = |n: u32, what: &str| {
            (n > 0).then(|| format!("{n} quotes are composed: the language model {what}"))
        };
        let rejected = count(self.rejected, "said something else than the numbers");
        rejected.into_iter().chain(count(self.silent, "did not answer"))
    }
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
