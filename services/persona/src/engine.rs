//! From a query to an answer: the one path of the paid endpoint, the command line and the evaluation.

use std::path::{Path, PathBuf};

use crate::{
    answer::Answer,
    audience::{AudienceError, Selection},
    bank::{self, Item},
    embed::EmbedError,
    estimate::Fading,
    panel::{Panel, PanelError, Persona},
    rate::Rater,
    refuse::{self, Refusal},
    request::{Asked, FullConcept, Kind, Query, RequestError},
    similar::Matcher,
};

/// A query that gets no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Cannot be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Selects nobody.
    #[error(transparent)]
    Audience(#[from] AudienceError),
    /// Is not answered.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Asks for more personas than match.
    #[error("only {0} of the panel match this audience; ask that many at most")]
    TooFew(usize),
    /// Follows up with somebody who was never there.
    #[error("the session names somebody whom its audience does not hold; send it back as it was")]
    Stranger,
}

impl QueryError {
    /// A word for programs.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Request(_) | Self::Stranger => "invalid_query",
            Self::Audience(AudienceError::Unknown { .. }) => "unknown_audience",
            Self::Audience(AudienceError::Nobody) | Self::TooFew(_) => "empty_audience",
            Self::Refused(_) => "refused",
        }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The shipped panel is broken.
    #[error(transparent)]
    Panel(#[from] PanelError),
    /// The shipped bank is broken.
    #[error("the question bank cannot be read: {0}")]
    Bank(#[from] serde_json::Error),
    /// The embedding model is there and broken.
    #[error(transparent)]
    Embed(#[from] EmbedError),
}

/// The panel, the bank and what compares questions with it.
pub struct Engine {
    pub(crate) panel: Panel,
    pub(crate) items: Vec<Item>,
    pub(crate) matcher: Matcher,
    pub(crate) rater: Rater,
    pub(crate) fading: Fading,
}

/// A query that is answered, read, with whom it asks.
pub(crate) struct Admitted<'a> {
    pub(crate) asked: Asked,
    selection: Selection,
    pub(crate) people: Vec<&'a Persona>,
}

impl Engine {
    /// With the embedding model in `folder`, or in `.tools/minilm` beside the working directory or the program; else by words.
    ///
    /// # Errors
    /// [`EngineError`] when what is shipped or installed is broken.
    pub fn load(folder: Option<&Path>) -> Result<Self, EngineError> {
        let items = bank::load()?;
        let found = folder.map(Path::to_path_buf).or_else(installed);
        let matcher = Matcher::new(&items, found.as_deref())?;
        Ok(Self { panel: Panel::load()?, rater: Rater::load()?, fading: Fading::CHOSEN, items, matcher })
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    pub(crate) fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Answers from here on as if the bank lacked these items.
    pub(crate) fn forget(&mut self, gone: impl Fn(&Item) -> bool) {
        let gone = self.items.iter().enumerate().filter(|(_, item)| gone(item));
        self.matcher.forget(gone.map(|(at, _)| at).collect());
    }

    /// Answers a query; the same query always the same.
    ///
    /// # Errors
    /// [`QueryError`] when it is not answered; nothing is owed for it then.
    pub fn answer(&self, query: &Query) -> Result<Answer, QueryError> {
        let admitted = self.admit(query)?;
        let mut flags: Vec<String> = Vec::new();
        let mut estimate = self.estimate(&admitted.asked, &admitted.people, &mut flags);
        if admitted.asked.kind != Kind::RateText {
            estimate.admit(&admitted.selection, &mut flags);
        }
        Ok(self.tell(query, admitted, &estimate, flags))
    }

    /// Whether a query is answered, without the work.
    ///
    /// # Errors
    /// [`QueryError`] when it is not.
    pub(crate) fn admit(&self, query: &Query) -> Result<Admitted<'_>, QueryError> {
        let asked = query.check()?;
        let about = asked.concept.as_ref().map(FullConcept::words).unwrap_or_default();
        refuse::check(&asked.text, &about)?;
        let selection = query.audience().select()?;
        let people: Vec<&Persona> =
            self.panel.people.iter().filter(|persona| selection.holds(persona)).collect();
        if people.is_empty() {
            return Err(AudienceError::Nobody.into());
        }
        if people.len() < asked.n as usize {
            return Err(QueryError::TooFew(people.len()));
        }
        let held = |id| self.panel.by_id(id).is_some_and(|persona| selection.holds(persona));
        if query.session.as_ref().is_some_and(|session| !session.personas().all(held)) {
            return Err(QueryError::Stranger);
        }
        Ok(Admitted { asked, selection, people })
    }
}

/// Where `make setup` puts the embedding model.
fn installed() -> Option<PathBuf> {
    let program = std::env::current_exe().ok();
    let near = program.iter().flat_map(|path| path.ancestors()).take(6).map(Path::to_path_buf);
    let folders = std::iter::once(PathBuf::from(".")).chain(near).map(|folder| folder.join(".tools/minilm"));
    folders.into_iter().find(|folder| folder.join("model.safetensors").exists())
}
