//! An interview over several calls. The transcript goes with the client: whatever replica gets the next question knows what was
//! said, nobody else can read it, and the receipts of the calls sign every turn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    answer::PersonaAnswer,
    audience::Audience,
    request::{Asked, FullConcept},
    scale::plain,
    similar::Matcher,
    stance::stance,
};

/// The most turns that an interview has.
pub(crate) const MOST_TURNS: usize = 20;

/// An interview so far. Send it back with the next question, as it is, and the same people answer.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    /// Whom the people belong to.
    #[serde(default)]
    pub(crate) audience: Audience,
    /// What was asked and said, the first question first.
    pub(crate) turns: Vec<Turn>,
}

/// One question, and what everybody said.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Turn {
    question: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) concept: Option<FullConcept>,
    pub(crate) answers: Vec<Said>,
}

/// What one persona said.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    pub(crate) persona: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    choice: Option<String>,
    quote: String,
    sentiment: f64,
}

/// Where a persona says something else than before.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub(crate) struct Contradiction {
    persona: String,
    /// The earlier turn, from 1.
    turn: usize,
    earlier: String,
    now: String,
    why: &'static str,
}

impl Session {
    /// Whom the interview is with.
    pub(crate) fn personas(&self) -> impl Iterator<Item = &str> {
        self.turns.last().into_iter().flat_map(|turn| turn.answers.iter().map(|said| said.persona.as_str()))
    }

    /// One persona's part, for whoever words the next answer.
    pub(crate) fn said_by(&self, persona: &str) -> Value {
        let said = |turn: &Turn| {
            let said = turn.by(persona)?;
            Some(json!({"question": turn.question, "answer": said.choice, "quote": said.quote}))
        };
        self.turns.iter().filter_map(said).collect()
    }

    /// What of it has to do with this question.
    pub(crate) fn recall(&self, matcher: &Matcher, asked: &Asked) -> Recall<'_> {
        Recall(self.turns.iter().map(|turn| (turn, turn.alike(matcher, asked))).collect())
    }

    /// The interview with one turn more.
    pub(crate) fn with(mut self, asked: &Asked, answers: &[PersonaAnswer]) -> Self {
        let said = |one: &PersonaAnswer| Said {
            persona: one.persona.clone(),
            choice: one.choice.clone(),
            quote: one.quote.clone(),
            sentiment: one.sentiment,
        };
        self.turns.push(Turn {
            question: asked.text.clone(),
            concept: asked.concept.clone(),
            answers: answers.iter().map(said).collect(),
        });
        self
    }
}

/// Turns, each with how much it has to do with a question.
#[derive(Default)]
pub(crate) struct Recall<'a>(Vec<(&'a Turn, f32)>);

impl<'a> Recall<'a> {
    /// The latest answer of a persona to a question like this one.
    pub(crate) fn earlier(&self, persona: &str) -> Option<&'a Said> {
        let (turn, _) = self.0.iter().rev().find(|(_, alike)| *alike > RELATED)?;
        turn.by(persona)
    }

    /// Where these answers do not go together with what was said.
    pub(crate) fn contradictions(&self, asked: &Asked, answers: &[PersonaAnswer]) -> Vec<Contradiction> {
        let mut found = Vec::new();
        for (at, (turn, alike)) in self.0.iter().enumerate() {
            for now in answers {
                let Some(then) = turn.by(&now.persona) else { continue };
                found.extend(turn.conflict(asked, *alike, then, now).map(|why| Contradiction {
                    persona: now.persona.clone(),
                    turn: at + 1,
                    earlier: then.gist(),
                    now: now.choice.clone().unwrap_or_else(|| now.quote.clone()),
                    why,
                }));
            }
        }
        found
    }
}

/// From here on two questions are about the same.
const RELATED: f32 = 0.6;
/// From here on they are the same.
const SAME: f32 = 0.9;
/// A side that was taken.
const SIDE: f64 = 0.3;

impl Turn {
    fn by(&self, persona: &str) -> Option<&Said> {
        self.answers.iter().find(|said| said.persona == persona)
    }

    /// Takes the words over that replaced the composed ones.
    pub(crate) fn reword(&mut self, answers: &[PersonaAnswer]) {
        for (said, one) in self.answers.iter_mut().zip(answers) {
            said.quote.clone_from(&one.quote);
        }
    }

    /// How much alike an earlier question and this one are, with what they are about.
    fn alike(&self, matcher: &Matcher, asked: &Asked) -> f32 {
        let about = |text: &str, concept: &Option<FullConcept>| {
            concept.as_ref().map_or_else(|| text.to_owned(), |concept| format!("{} {text}", concept.words()))
        };
        let (then, now) = (about(&self.question, &self.concept), about(&asked.text, &asked.concept));
        if plain(&then) == plain(&now) { 1.0 } else { matcher.alike(&then, &now) }
    }

    fn conflict(&self, asked: &Asked, alike: f32, then: &Said, now: &PersonaAnswer) -> Option<&'static str> {
        let priced = |concept: &Option<FullConcept>| concept.as_ref().and_then(|concept| concept.price);
        if let (Some(before), Some(after)) = (priced(&self.concept), priced(&asked.concept))
            && alike > RELATED
            && (after - before) * (now.sentiment - then.sentiment) > 0.0
            && (now.sentiment - then.sentiment).abs() > SIDE
        {
            return Some("more willing at a higher price");
        }
        let same_price = priced(&self.concept) == priced(&asked.concept);
        let answered = then.choice.as_ref().zip(now.choice.as_ref());
        if alike > SAME
            && same_price
            && let Some((before, after)) = answered
            && before != after
            && asked.options.contains(before)
        {
            return Some("another answer to the same question");
        }
        let sides = (
            then.sentiment * f64::from(stance(&self.question)),
            now.sentiment * f64::from(stance(&asked.text)),
        );
        let parted = sides.0 * sides.1 < 0.0 && sides.0.abs() > SIDE && sides.1.abs() > SIDE;
        (alike > RELATED && same_price && parted).then_some("for it once and against it once")
    }
}

impl Said {
    /// The choice, or the words where none was to be made.
    pub(crate) fn gist(&self) -> String {
        self.choice.clone().unwrap_or_else(|| self.quote.clone())
    }

    /// Whether that was on the same side.
    pub(crate) fn agrees_with(&self, lean: f32) -> bool {
        let lean = f64::from(lean);
        (self.sentiment - lean).abs() < SIDE || self.sentiment * lean > 0.0
    }
}
