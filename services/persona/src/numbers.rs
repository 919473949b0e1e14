//! The numbers of an answer: which model answers the question, the shares of every option, and how sure they are.

use crate::{
    answer::{Calibration, Grade},
    audience::{Selection, field_tests},
    bank::Kind as ItemKind,
    compose::about_a_thing,
    engine::Engine,
    estimate::{self, Basis},
    panel::Persona,
    request::{Asked, FullConcept, Kind},
    scale::{self, Role},
    share::{logistic, round3, rounded},
    wanting::{intents, prices},
};

/// What the people of an audience would answer, before it is told.
pub(crate) struct Estimate<'a> {
    pub(crate) basis: Basis<'a>,
    /// For every person selected, the share of every option.
    pub(crate) shares: Vec<Vec<f32>>,
    /// What the shares are of.
    pub(crate) roles: Vec<Role>,
    grade: Grade,
    source: String,
}

/// From not wanting a thing at all to wanting it.
const WANTING: [f32; 5] = [-1.0, -0.5, 0.0, 0.5, 1.0];

impl Engine {
    pub(crate) fn estimate(
        &self,
        asked: &Asked,
        people: &[&Persona],
        flags: &mut Vec<String>,
    ) -> Estimate<'_> {
        let concept = asked.concept.as_ref();
        let about_a_thing = about_a_thing(asked);
        let about = concept.map(FullConcept::words).unwrap_or_default();
        let text = if about.is_empty() { asked.text.clone() } else { format!("{} {about}", asked.text) };
        let basis = Basis::find(self, if about_a_thing { &about } else { &text }, &asked.options);
        // What is said of a thing without options to choose from is how much it is wanted, at its price.
        let hidden = asked.kind == Kind::Open && about_a_thing;
        let roles = if hidden { WANTING.map(Role::At).to_vec() } else { scale::roles(&asked.options) };
        let ordered = roles.iter().any(|role| matches!(role, Role::At(_)));
        let composed = |shares| {
            (shares, Grade::Composed, "an ordered response model on the nearest items of the bank".to_owned())
        };
        let (shares, grade, source) = match asked.kind {
            Kind::Open if hidden => composed(intents(&basis, people, concept, &roles)),
            Kind::Open => (Vec::new(), basis.grade(), basis.source()),
            Kind::RateText => {
                let rating = self.rater.rate(&self.matcher, &asked.rated, asked.options.len());
                flags.extend(rating.flags);
                (
                    vec![rating.shares],
                    Grade::Composed,
                    "a lexicon with negation, and a fit to labelled sentences".to_owned(),
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
        Estimate { basis, shares, roles, grade, source }
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
        let shares = estimate::named(self, people, &asked.text, &asked.options);
        (shares, Grade::ModelOnly, "the audience's leaning towards each option".to_owned())
    }

    /// Of several that may be picked, each for itself.
    fn each(&self, people: &[&Persona], asked: &Asked) -> Vec<Vec<f32>> {
        let lean =
            |option: &String| Basis::find(self, &format!("{} {option}", asked.text), &[]).leanings(people);
        let leanings: Vec<Vec<f32>> = asked.options.iter().map(lean).collect();
        (0..people.len()).map(|i| leanings.iter().map(|of| logistic(of[i] - 0.4)).collect()).collect()
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
    /// The options from the least to the most, or by name: so that a draw picks the same one in whatever order they were asked.
    pub(crate) fn order(&self, asked: &Asked) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.roles.len()).collect();
        let place = |at: &usize| if let Role::At(place) = self.roles[*at] { place } else { f32::MAX };
        order.sort_by(|a, b| {
            place(a).total_cmp(&place(b)).then_with(|| asked.options.get(*a).cmp(&asked.options.get(*b)))
        });
        order
    }

    /// Elsewhere the panel is a stand-in, and says so.
    pub(crate) fn admit(&mut self, selection: &Selection, flags: &mut Vec<String>) {
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

    /// Ninety in a hundred: what the respondents' number leaves open, and what such answers were off by where it is known
    /// (`data/choose.py`).
    pub(crate) fn intervals(&self, shares: &[f32]) -> Vec<[f64; 2]> {
        let (n, off) = match (self.grade, self.basis.main()) {
            (Grade::SurveyMatched, Some(item)) => (f64::from(item.n.max(400)), 0.04),
            (Grade::SurveyMatched, None) => (1_000.0, 0.04),
            (Grade::Composed | Grade::ModelOnly, _) => (300.0, 0.15),
        };
        let interval = |share: &f32| {
            let share = f64::from(*share);
            let spread = 1.645 * (share * (1.0 - share) / n + off * off).sqrt();
            [round3((share - spread).max(0.0)), round3((share + spread).min(1.0))]
        };
        shares.iter().map(interval).collect()
    }

    pub(crate) fn calibration(&self) -> Calibration {
        let item = self.basis.main().filter(|_| self.basis.similarity > 0.3);
        Calibration {
            grade: self.grade,
            source: self.source.clone(),
            item: item.map(|item| format!("{}: {}", item.id, item.text)),
            similarity: rounded(self.basis.similarity),
        }
    }
}
