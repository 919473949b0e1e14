//! From a query to an answer: the one path of the paid endpoint, the command line and the evaluation.

use std::path::{Path, PathBuf};

use crate::{
    answer::{Answer, Calibration, Grade, Labelled, NOTE, PersonaAnswer, Provenance},
    audience::{AudienceError, Selection, field_tests},
    bank::{self, Item, Kind as ItemKind},
    cache::prompt_hash,
    compose::{self, Voice},
    embed::EmbedError,
    estimate::{self, Basis},
    harmless::harmless,
    panel::{self, Panel, PanelError, Persona},
    rate::Rater,
    refuse::{self, Refusal},
    request::{Asked, FullConcept, Kind, Query, RequestError},
    scale::{self, Role},
    share::{chance, logistic, mean, mean_shares, pick, round3, rounded},
    similar::Matcher,
    wanting::{intents, prices, wants},
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
}

impl QueryError {
    /// A word for programs.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Request(_) => "invalid_query",
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
    items: Vec<Item>,
    matcher: Matcher,
    rater: Rater,
}

/// A query that is answered.
pub(crate) struct Admitted<'a> {
    asked: Asked,
    concept: Option<FullConcept>,
    selection: Selection,
    people: Vec<&'a Persona>,
}

/// What the people of an audience would answer, before it is told.
struct Estimate<'a> {
    basis: Basis<'a>,
    /// For every person selected, the share of every option.
    shares: Vec<Vec<f32>>,
    grade: Grade,
    source: String,
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
        Ok(Self { panel: Panel::load()?, rater: Rater::new(&matcher), items, matcher })
    }

    /// An item's own question.
    pub(crate) fn wording(&self, item: &str) -> Option<&str> {
        self.items.iter().find(|other| other.id == item).map(|item| item.text.as_str())
    }

    /// Answers a query; the same query always the same.
    ///
    /// # Errors
    /// [`QueryError`] when it is not answered; nothing is owed for it then.
    pub fn answer(&self, query: &Query) -> Result<Answer, QueryError> {
        let Admitted { asked, concept, selection, people } = self.admit(query)?;
        let mut flags: Vec<String> = Vec::new();
        let mut estimate = self.estimate(&asked, concept.as_ref(), &people, &mut flags);
        if asked.kind != Kind::RateText {
            estimate.admit(&selection, &mut flags);
        }
        Ok(self.tell(query, asked, concept.as_ref(), &people, &estimate, flags))
    }

    /// Whether a query is answered, without the work.
    ///
    /// # Errors
    /// [`QueryError`] when it is not.
    pub(crate) fn admit(&self, query: &Query) -> Result<Admitted<'_>, QueryError> {
        let mut asked = query.check()?;
        let concept = asked.concept.take().map(harmless);
        let about = concept.as_ref().map(FullConcept::words).unwrap_or_default();
        refuse::check(&asked.text, &about)?;
        let selection = query.audience.select()?;
        let people: Vec<&Persona> =
            self.panel.people.iter().filter(|persona| selection.holds(persona)).collect();
        if people.is_empty() {
            return Err(AudienceError::Nobody.into());
        }
        if people.len() < asked.n as usize {
            return Err(QueryError::TooFew(people.len()));
        }
        Ok(Admitted { asked, concept, selection, people })
    }

    fn estimate(
        &self,
        asked: &Asked,
        concept: Option<&FullConcept>,
        people: &[&Persona],
        flags: &mut Vec<String>,
    ) -> Estimate<'_> {
        let about = concept.map(FullConcept::words).unwrap_or_default();
        let text = if about.is_empty() { asked.text.clone() } else { format!("{} {about}", asked.text) };
        let basis = Basis::find(
            &self.items,
            &self.matcher,
            if wants(asked.kind) && !about.is_empty() { &about } else { &text },
        );
        let roles = scale::roles(&asked.options);
        let ordered = roles.iter().any(|role| matches!(role, Role::At(_)));
        let composed = |shares| {
            (shares, Grade::Composed, "an ordered response model on the nearest items of the bank".to_owned())
        };
        let (shares, grade, source) = match asked.kind {
            Kind::Open => (Vec::new(), basis.grade(), basis.source()),
            Kind::RateText => {
                let rating = self.rater.rate(&self.matcher, &asked.rated, asked.options.len());
                flags.extend(rating.flags);
                (
                    vec![rating.shares; people.len()],
                    Grade::Composed,
                    "similarity to anchors, lexicon and negation".to_owned(),
                )
            }
            Kind::PurchaseIntent | Kind::Nps => composed(intents(&basis, people, concept, &roles)),
            Kind::Price => composed(prices(&basis, people, &asked.options)),
            Kind::MultipleChoice => composed(self.each(people, asked)),
            Kind::SingleChoice | Kind::Likert if ordered => {
                (estimate::shares(&basis, people, &roles), basis.grade(), basis.source())
            }
            Kind::SingleChoice | Kind::Likert => self.names(people, asked),
        };
        Estimate { basis, shares, grade, source }
    }

    /// Options without an order: a field of the panel itself, or statements.
    fn names(&self, people: &[&Persona], asked: &Asked) -> (Vec<Vec<f32>>, Grade, String) {
        let about_self = [
            "consider yourself",
            "identify",
            "describe yourself",
            "think of yourself",
            "are you",
            "which of these best describes",
        ];
        let question = asked.text.to_lowercase();
        if about_self.iter().any(|phrase| question.contains(phrase))
            && let Some(tests) = field_tests(&asked.options)
        {
            let shares = |p: &&Persona| {
                let held: Vec<f32> = tests.iter().map(|test| f32::from(u8::from(test(p)))).collect();
                let sum: f32 = held.iter().sum();
                held.iter().map(|h| if sum == 0.0 { 1.0 / held.len() as f32 } else { h / sum }).collect()
            };
            return (
                people.iter().map(shares).collect(),
                Grade::SurveyMatched,
                "the panel's own cited margins".to_owned(),
            );
        }
        let shares = estimate::named(&self.items, &self.matcher, people, &asked.text, &asked.options);
        (shares, Grade::ModelOnly, "the audience's leaning towards each option".to_owned())
    }

    /// Of several that may be picked, each for itself.
    fn each(&self, people: &[&Persona], asked: &Asked) -> Vec<Vec<f32>> {
        let lean = |option: &String| {
            Basis::find(&self.items, &self.matcher, &format!("{} {option}", asked.text)).leanings(people)
        };
        let leanings: Vec<Vec<f32>> = asked.options.iter().map(lean).collect();
        (0..people.len()).map(|i| leanings.iter().map(|of| logistic(of[i] - 0.4)).collect()).collect()
    }

    fn tell(
        &self,
        query: &Query,
        asked: Asked,
        concept: Option<&FullConcept>,
        people: &[&Persona],
        estimate: &Estimate<'_>,
        flags: Vec<String>,
    ) -> Answer {
        let shares = mean_shares(&estimate.shares);
        let prompt_hash = prompt_hash(query);
        let answers = self.voices(query.seed, &asked, concept, people, estimate);
        let labelled = |values: Vec<f64>| Labelled(asked.options.iter().cloned().zip(values).collect());
        let numbers = !asked.options.is_empty();
        Answer {
            mode: asked.mode,
            kind: asked.kind,
            n: asked.n,
            effective_n: people.len(),
            themes: compose::themes(&answers),
            answers,
            distribution: numbers.then(|| labelled(shares.iter().map(|share| rounded(*share)).collect())),
            interval: numbers
                .then(|| Labelled(asked.options.iter().cloned().zip(estimate.intervals(&shares)).collect())),
            mean: mean(&asked, &shares),
            calibration: estimate.calibration(),
            provenance: Provenance {
                backend: "grounded",
                model: format!(
                    "{} {}",
                    env!("CARGO_PKG_VERSION"),
                    if self.matcher.by_meaning() { "all-MiniLM-L6-v2" } else { "words" }
                ),
                prompt_hash,
                panel_version: panel::VERSION,
                seed: query.seed,
            },
            flags,
            note: NOTE,
            question: asked.text,
        }
    }

    fn voices(
        &self,
        seed: u64,
        asked: &Asked,
        concept: Option<&FullConcept>,
        people: &[&Persona],
        estimate: &Estimate<'_>,
    ) -> Vec<PersonaAnswer> {
        let mut order: Vec<usize> = (0..people.len()).collect();
        order.sort_by_cached_key(|at| chance(&[seed, people[*at].index as u64], "who").to_bits());
        let leanings = estimate.basis.leanings(people);
        let roles = scale::roles(&asked.options);
        let voice = |at: usize| {
            let persona = people[at];
            let own = estimate.shares.get(at).map_or(&[][..], Vec::as_slice);
            let draw = chance(&[persona.index as u64], &asked.text);
            let picked = if asked.kind == Kind::MultipleChoice { None } else { pick(own, draw) };
            let lean = match picked.and_then(|at| roles.get(at)) {
                Some(Role::At(place)) if asked.kind != Kind::Price => *place,
                _ => (logistic(leanings[at]) * 2.0 - 1.0 + (draw - 0.5)).clamp(-1.0, 1.0),
            };
            let choices = asked.options.iter().zip(own).filter(|(option, share)| {
                asked.kind == Kind::MultipleChoice && chance(&[persona.index as u64], option) < **share
            });
            let choices: Vec<String> = choices.map(|(option, _)| option.clone()).collect();
            let choice = picked.and_then(|at| asked.options.get(at)).cloned();
            let voice = Voice {
                persona,
                asked,
                concept,
                choice: choice.as_deref(),
                lean,
                typical: lean * leanings[at] >= 0.0,
            };
            PersonaAnswer {
                persona: persona.id(),
                who: compose::who(persona),
                quote: voice.quote(),
                choice,
                choices,
                sentiment: rounded(lean),
            }
        };
        order.into_iter().take(asked.n as usize).map(voice).collect()
    }
}

impl Basis<'_> {
    fn grade(&self) -> Grade {
        match self.main() {
            Some(item) if self.asks_the_same() && item.kind == ItemKind::Survey => Grade::SurveyMatched,
            Some(item) if item.kind == ItemKind::Survey => Grade::Composed,
            _ => Grade::ModelOnly,
        }
    }

    fn source(&self) -> String {
        self.main().map_or_else(
            || "no item is near; how people answer in general".to_owned(),
            |item| item.source.clone(),
        )
    }
}

impl Estimate<'_> {
    /// Elsewhere the panel is a stand-in, and says so.
    fn admit(&mut self, selection: &Selection, flags: &mut Vec<String>) {
        if let Some(country) = &selection.abroad {
            self.grade = Grade::ModelOnly;
            flags.push(format!(
                "no data on {country}: people of the United States by gender, age and education stand in"
            ));
        }
        if self.grade != Grade::SurveyMatched {
            flags.push(
                "no survey item asks this: read the shares as a guess of direction and size".to_owned(),
            );
        }
    }

    /// Ninety in a hundred: what the respondents' number leaves open, and what such answers were off by where it is known.
    fn intervals(&self, shares: &[f32]) -> Vec<[f64; 2]> {
        let (n, off) = match (self.grade, self.basis.main()) {
            (Grade::SurveyMatched, Some(item)) => (f64::from(item.n.max(400)), 0.03),
            (Grade::SurveyMatched, None) => (1_000.0, 0.03),
            (Grade::Composed, _) => (300.0, 0.07),
            (Grade::ModelOnly, _) => (100.0, 0.10),
        };
        let interval = |share: &f32| {
            let share = f64::from(*share);
            let spread = 1.645 * (share * (1.0 - share) / n + off * off).sqrt();
            [round3((share - spread).max(0.0)), round3((share + spread).min(1.0))]
        };
        shares.iter().map(interval).collect()
    }

    fn calibration(&self) -> Calibration {
        let item = self.basis.main().filter(|_| self.basis.similarity > 0.3);
        Calibration {
            grade: self.grade,
            source: self.source.clone(),
            item: item.map(|item| format!("{}: {}", item.id, item.text)),
            similarity: rounded(self.basis.similarity),
        }
    }
}

/// Where `make setup` puts the embedding model.
fn installed() -> Option<PathBuf> {
    let program = std::env::current_exe().ok();
    let near = program.iter().flat_map(|path| path.ancestors()).take(6).map(Path::to_path_buf);
    let folders = std::iter::once(PathBuf::from(".")).chain(near).map(|folder| folder.join(".tools/minilm"));
    folders.into_iter().find(|folder| folder.join("model.safetensors").exists())
}
