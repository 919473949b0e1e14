//! What is asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    audience::Audience,
    harmless::harmless,
    session::{MOST_TURNS, Session},
};

/// The price of one persona asked, in atomic units of USDC: $0.02.
pub(crate) const PRICE_PER_PERSONA: u64 = 20_000;
/// The most personas of one query.
pub(crate) const MOST_PERSONAS: u32 = 500;
const MOST_TEXT: usize = 4_000;
const MOST_OPTIONS: usize = 30;

/// A question to personas.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// `single` asks one persona, `panel` and `interview` ask `n` of them. Guessed from `n` unless given.
    #[serde(default)]
    pub(crate) mode: Option<Mode>,
    /// The question: its text, or an object of text, type and options.
    pub(crate) question: Question,
    /// What kind of answer is wanted, where `question` is a text. `single_choice` where there are options, `open` otherwise.
    #[serde(default, rename = "type")]
    pub(crate) kind: Option<Kind>,
    /// The options, where `question` is a text.
    #[serde(default)]
    pub(crate) options: Vec<String>,
    /// For `rate_text`: the text whose rating is wanted.
    #[serde(default)]
    pub(crate) text: Option<String>,
    /// What the question is about: a product, a service, an idea. It is data: nothing in it is followed.
    #[serde(default)]
    pub(crate) concept: Option<Concept>,
    /// Whom to ask; the adults of the United States unless given.
    #[serde(default)]
    pub(crate) audience: Audience,
    /// How many personas: 1 to 500. Each costs $0.02.
    #[serde(default)]
    pub(crate) n: Option<u32>,
    /// Draws other personas of the audience. The same seed draws the same.
    #[serde(default)]
    pub(crate) seed: u64,
    /// A follow-up: the `session` of the last answer, as it was. The same people answer, about the same concept unless there is another.
    #[serde(default)]
    pub(crate) session: Option<Session>,
    /// Bypasses the cache.
    #[serde(default)]
    pub(crate) fresh: bool,
}

/// How personas are asked.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    Single,
    Panel,
    Interview,
}

/// What kind of answer is wanted.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Open,
    SingleChoice,
    MultipleChoice,
    Likert,
    PurchaseIntent,
    Nps,
    Price,
    RateText,
}

/// A question with all that belongs to it, or its text alone.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(untagged)]
pub(crate) enum Question {
    Text(String),
    Full(FullQuestion),
}

#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FullQuestion {
    text: String,
    #[serde(default, rename = "type")]
    kind: Option<Kind>,
    #[serde(default)]
    options: Vec<String>,
}

/// What a question is about: a description, or an object.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(untagged)]
pub(crate) enum Concept {
    Text(String),
    Full(FullConcept),
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FullConcept {
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default, alias = "text")]
    pub(crate) description: String,
    /// What it offers, each in a few words.
    #[serde(default)]
    pub(crate) attributes: Vec<String>,
    /// In US dollars.
    #[serde(default)]
    pub(crate) price: Option<f64>,
    /// What the price is for: `month`, `year`, or once.
    #[serde(default)]
    pub(crate) per: Option<String>,
}

/// A request that cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Not JSON of the documented shape.
    #[error("the body is not a query: {0}")]
    Body(#[from] serde_json::Error),
    /// Nothing was asked.
    #[error("the question is empty")]
    Empty,
    /// A text is longer than anybody would read out.
    #[error("a text is longer than {MOST_TEXT} characters")]
    TooLong,
    /// Too few or too many options, or one twice.
    #[error("a question of this type takes 2 to {MOST_OPTIONS} different options")]
    Options,
    /// Not between one and the most.
    #[error("n is 1 to {MOST_PERSONAS}, and 1 in mode `single`")]
    Count,
    /// `rate_text` without a text.
    #[error("`rate_text` needs the text to rate, as `text`")]
    NoText,
    /// A follow-up that cannot be one.
    #[error(
        "a session has 1 to {MOST_TURNS} turns with somebody in the last; it brings its own `audience`, `seed` and number of people"
    )]
    Session,
    /// A price that is none.
    #[error("a price is a number of dollars, zero or more")]
    Price,
}

/// A query that has been checked.
pub(crate) struct Asked {
    pub(crate) mode: Mode,
    pub(crate) text: String,
    pub(crate) kind: Kind,
    pub(crate) options: Vec<String>,
    pub(crate) rated: String,
    pub(crate) concept: Option<FullConcept>,
    pub(crate) n: u32,
}

impl Query {
    /// Reads a request body.
    ///
    /// # Errors
    /// [`RequestError::Body`] when it is no query.
    pub fn from_json(body: &[u8]) -> Result<Self, RequestError> {
        Ok(serde_json::from_slice(body)?)
    }

    /// What it costs, in atomic units of USDC.
    ///
    /// # Errors
    /// [`RequestError`] when it could not be answered.
    pub fn price(&self) -> Result<u64, RequestError> {
        Ok(u64::from(self.check()?.n) * PRICE_PER_PERSONA)
    }

    pub(crate) fn check(&self) -> Result<Asked, RequestError> {
        let (text, kind, options) = match &self.question {
            Question::Text(text) => (text, self.kind, &self.options),
            Question::Full(full) => (&full.text, full.kind.or(self.kind), &full.options),
        };
        let guess = if options.is_empty() { Kind::Open } else { Kind::SingleChoice };
        let kind = kind.unwrap_or(guess);
        let carried = self.session.as_ref().and_then(|session| session.turns.last()?.concept.clone());
        let concept = self.concept.as_ref().map(Concept::full).or(carried);
        let rated = self.text.clone().unwrap_or_default();
        let long = |text: &String| text.chars().count() > MOST_TEXT;
        let described = concept
            .as_ref()
            .is_some_and(|concept| long(&concept.description) || concept.attributes.iter().any(long));
        if long(text) || long(&rated) || options.iter().any(long) || described {
            return Err(RequestError::TooLong);
        }
        if text.trim().is_empty() && rated.trim().is_empty() {
            return Err(RequestError::Empty);
        }
        if kind == Kind::RateText && rated.trim().is_empty() {
            return Err(RequestError::NoText);
        }
        if concept
            .as_ref()
            .and_then(|concept| concept.price)
            .is_some_and(|price| !(price.is_finite() && price >= 0.0))
        {
            return Err(RequestError::Price);
        }
        let (mode, n) = self.count()?;
        let concept = concept.map(harmless);
        Ok(Asked { mode, text: text.clone(), kind, options: kind.options(options)?, rated, concept, n })
    }

    /// Whom to ask.
    pub(crate) fn audience(&self) -> &Audience {
        self.session.as_ref().map_or(&self.audience, |session| &session.audience)
    }

    fn count(&self) -> Result<(Mode, u32), RequestError> {
        if let Some(session) = &self.session {
            let n = u32::try_from(session.personas().count()).unwrap_or(u32::MAX);
            let own = self.n.is_none_or(|asked| asked == n) && self.audience == Audience::default();
            let fits = (1..=MOST_PERSONAS).contains(&n) && session.turns.len() <= MOST_TURNS && own;
            return fits.then_some((Mode::Interview, n)).ok_or(RequestError::Session);
        }
        let mode = self.mode.unwrap_or(if self.n.unwrap_or(1) > 1 { Mode::Panel } else { Mode::Single });
        let n = self.n.unwrap_or(if mode == Mode::Single { 1 } else { 10 });
        let fits = (1..=MOST_PERSONAS).contains(&n) && (mode != Mode::Single || n == 1);
        fits.then_some((mode, n)).ok_or(RequestError::Count)
    }
}

impl Kind {
    /// The options that an asker gave, or those that the type implies.
    fn options(self, given: &[String]) -> Result<Vec<String>, RequestError> {
        let own = |labels: &[&str]| Ok(labels.iter().map(|label| (*label).to_owned()).collect());
        if !given.is_empty() || matches!(self, Self::SingleChoice | Self::MultipleChoice) {
            let mut distinct: Vec<_> = given.iter().map(|option| option.trim().to_lowercase()).collect();
            distinct.sort();
            distinct.dedup();
            let fits = (2..=MOST_OPTIONS).contains(&given.len()) && distinct.len() == given.len();
            return fits.then(|| given.to_vec()).ok_or(RequestError::Options);
        }
        match self {
            Self::Likert => own(&[
                "strongly disagree",
                "disagree",
                "neither agree nor disagree",
                "agree",
                "strongly agree",
            ]),
            Self::PurchaseIntent => own(&[
                "definitely would not buy",
                "probably would not buy",
                "might or might not buy",
                "probably would buy",
                "definitely would buy",
            ]),
            Self::Nps => Ok((0..=10).map(|score| score.to_string()).collect()),
            Self::RateText => own(&["1", "2", "3", "4", "5"]),
            Self::Price => own(&["$5", "$10", "$20", "$50", "$100", "$200"]),
            Self::Open | Self::SingleChoice | Self::MultipleChoice => Ok(Vec::new()),
        }
    }
}

impl Concept {
    fn full(&self) -> FullConcept {
        match self {
            Self::Text(text) => FullConcept { description: text.clone(), ..FullConcept::default() },
            Self::Full(full) => full.clone(),
        }
    }
}

impl FullConcept {
    /// What it is, in one text.
    pub(crate) fn words(&self) -> String {
        let name = self.name.clone().unwrap_or_default();
        format!("{name} {} {}", self.description, self.attributes.join(", ")).trim().to_owned()
    }
}
