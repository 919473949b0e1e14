//! An answer from question to words: the numbers on a thread that may work, then, where there is one, the language model's words.

use std::sync::Arc;

use clap::Args;
use service_kit::{Problem, StartError};

use crate::{
    answer::Answer,
    cli::Model,
    engine::{Engine, QueryError},
    llm::{Llm, LlmArgs},
    request::Query,
};

/// What answers are made with.
#[derive(Args)]
pub(crate) struct ResearchArgs {
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    llm: LlmArgs,
}

/// The engine, and who words its answers.
pub(crate) struct Research {
    pub(crate) engine: Engine,
    pub(crate) llm: Option<Llm>,
}

/// Whether the language model may be asked, which costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wording {
    /// By the model, where there is one.
    Model,
    /// Not again: the model was asked for this payment before.
    Composed,
}

impl ResearchArgs {
    pub(crate) fn open(self) -> Result<Arc<Research>, StartError> {
        Ok(Arc::new(Research { engine: self.model.engine()?, llm: self.llm.open()? }))
    }
}

impl Research {
    pub(crate) async fn answer(
        self: &Arc<Self>,
        query: Query,
        wording: Wording,
    ) -> Result<Answer, ResearchError> {
        let working = Arc::clone(self);
        let (query, answer) = tokio::task::spawn_blocking(move || {
            let answer = working.engine.answer(&query);
            (query, answer)
        })
        .await?;
        let mut answer = answer?;
        if let (Some(llm), Wording::Model) = (&self.llm, wording) {
            llm.reword(&self.engine, &query, &mut answer).await;
        }
        Ok(answer)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResearchError {
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The work panicked or was stopped.
    #[error("the work ended without an answer: {0}")]
    Work(#[from] tokio::task::JoinError),
}

impl ResearchError {
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Query(error) => error.reason(),
            Self::Work(_) => "internal",
        }
    }
}

impl From<ResearchError> for Problem {
    fn from(error: ResearchError) -> Self {
        match error {
            ResearchError::Query(error) => error.into(),
            ResearchError::Work(error) => Self::internal(error),
        }
    }
}
