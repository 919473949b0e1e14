//! Words of a language model. The numbers are decided before it is asked, and nothing that it says moves them.

mod call;
mod check;
mod prompt;
mod settings;
mod sse;
mod wire;

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

pub(crate) use self::settings::LlmArgs;
use self::{call::Outcome, prompt::Prompt, settings::Endpoint};
use crate::{
    answer::{Answer, Speaker, Words},
    engine::Engine,
    request::Query,
};

/// A language model that speaks for personas.
pub(crate) struct Llm {
    http: reqwest::Client,
    endpoint: Endpoint,
    permits: Semaphore,
}

impl Llm {
    /// What one persona's words can cost at most, in dollars.
    pub(crate) fn most_each(&self) -> f64 {
        self.endpoint.price.of(prompt::MOST_TOKENS, u64::from(self.endpoint.max_tokens))
    }

    /// How long the words of a query may take.
    pub(crate) const fn deadline(&self) -> Duration {
        self.endpoint.deadline
    }

    /// Puts the model's words in the place of the composed ones, wherever they say what was decided.
    pub(crate) async fn reword(&self, engine: &Engine, query: &Query, answer: &mut Answer) {
        let Ok(asked) = query.check() else { return };
        let end = Instant::now() + self.endpoint.deadline;
        let prompts: Vec<Prompt> = answer
            .answers
            .iter()
            .map(|one| Prompt::new(engine, &asked, one, query.session.as_ref()))
            .collect();
        let outcomes = join_all(prompts.iter().map(|prompt| self.within(end, prompt))).await;
        let mut words = Words::composed();
        words.backend = self.endpoint.protocol.name();
        words.model = Some(self.endpoint.model.clone());
        for ((one, prompt), outcome) in answer.answers.iter_mut().zip(&prompts).zip(outcomes) {
            words.input_tokens += outcome.usage.input;
            words.output_tokens += outcome.usage.output;
            match outcome.said {
                Ok(text) => match check::check(engine, &asked, one, prompt, &text) {
                    Ok(quote) => {
                        (one.quote, one.words) = (quote, Speaker::Model);
                        words.spoken += 1;
                    }
                    Err(why) => {
                        tracing::debug!(persona = one.persona, ?why, text, "words that are not used");
                        words.rejected += 1;
                    }
                },
                Err(error) => {
                    tracing::warn!(persona = one.persona, %error, "the language model is silent");
                    words.silent += 1;
                }
            }
        }
        words.cost_usd = self.endpoint.price.of(words.input_tokens, words.output_tokens);
        tracing::info!(?words, "words of a language model");
        answer.reworded(words);
    }

    async fn within(&self, end: Instant, prompt: &Prompt) -> Outcome {
        timeout_at(end, self.say(prompt)).await.unwrap_or_else(|_| Outcome::late())
    }
}
