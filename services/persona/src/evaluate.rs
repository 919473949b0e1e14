//! Held-out respondents against the answers: the same path as a paid query, in other words than the bank's;
//! then as if the bank lacked the very item, and every item of its survey, which is what a question is that nobody has given us.

mod metrics;
mod ratings;

use std::{collections::BTreeMap, fmt, fs, path::PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::{
    metrics::{Cells, Figures, figures},
    ratings::Agreement,
};
use crate::{
    bank::{Item, Kind},
    engine::{Engine, QueryError},
    estimate::Fading,
    request::{Query, RequestError},
};

const HELD_OUT: &str = include_str!("../data/held_out.json");

#[derive(Deserialize)]
struct HeldOut {
    questions: Vec<Question>,
    groups: Vec<Group>,
}

/// An item of the bank as a customer would ask it: in other words, its options from the least to the most.
#[derive(Deserialize)]
struct Question {
    item: String,
    question: String,
    options: Vec<String>,
}

#[derive(Deserialize)]
struct Group {
    item: String,
    group: String,
    audience: Value,
    n: f64,
    shares: Vec<f64>,
}

/// Us beside simpler predictors.
#[derive(Serialize)]
pub(crate) struct Report {
    items: usize,
    groups: usize,
    predictors: Vec<Predictor>,
    ratings: Vec<Agreement>,
}

#[derive(Serialize)]
struct Predictor {
    name: &'static str,
    #[serde(flatten)]
    figures: Figures,
    /// The share of real answers inside the intervals that were told, nine in ten of which should be.
    covered: Option<f64>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvaluateError {
    #[error("the held-out shares: {0}")]
    HeldOut(#[from] serde_json::Error),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("groups or labelled sentences: {0}")]
    Read(#[from] std::io::Error),
}

/// Who is asked, and what.
#[derive(Args)]
pub(crate) struct Judging {
    /// Only items whose ids begin so; more than one with commas.
    #[arg(long, value_name = "START", value_delimiter = ',')]
    items: Vec<String>,
    /// A folder of labelled sentences (`amazon.json`, `yelp.json`, `imdb.json`), by which ratings of texts are judged.
    #[arg(long, value_name = "DIR")]
    sentences: Option<PathBuf>,
    /// Other groups than those that no fit has seen.
    #[arg(long, value_name = "FILE", hide = true)]
    held: Option<PathBuf>,
    #[command(flatten)]
    fading: Fading,
}

pub(crate) fn run(engine: &mut Engine, judging: &Judging) -> Result<Report, EvaluateError> {
    let Judging { items, sentences, held, fading } = judging;
    engine.fading = *fading;
    let mut held: HeldOut = match held {
        Some(file) => serde_json::from_str(&fs::read_to_string(file)?)?,
        None => serde_json::from_str(HELD_OUT)?,
    };
    held.groups.retain(|group| items.is_empty() || items.iter().any(|start| group.item.starts_with(start)));
    let by = |value: fn(&Group) -> f64| -> BTreeMap<_, f64> {
        held.groups.iter().map(|g| ((g.item.as_str(), g.group.as_str()), value(g))).collect()
    };
    let weights = by(|group| group.n);
    let real: Cells<'_> =
        held.groups.iter().map(|g| ((g.item.as_str(), g.group.as_str()), g.shares.clone())).collect();
    let uniform: Cells<'_> =
        real.iter().map(|(key, shares)| (*key, vec![1.0 / shares.len() as f64; shares.len()])).collect();
    let marginal = real.keys().map(|key| (*key, real[&(key.0, "all")].clone())).collect();
    let mut predictors = Vec::new();
    for (name, forgets) in FORGETTING {
        let (cells, covered) = predictions(engine, &held, forgets)?;
        let figures = figures(&cells, &real, &uniform, &weights);
        predictors.push(Predictor { name, figures, covered: Some(covered) });
    }
    for (name, cells) in [("marginal", &marginal), ("uniform", &uniform)] {
        predictors.push(Predictor {
            name,
            figures: figures(cells, &real, &uniform, &weights),
            covered: None,
        });
    }
    let items = held.groups.iter().map(|g| &g.item).collect::<std::collections::BTreeSet<_>>().len();
    let ratings =
        sentences.as_deref().map(|folder| ratings::judge(engine, folder)).transpose()?.unwrap_or_default();
    Ok(Report { items, groups: held.groups.len(), predictors, ratings })
}

/// What the bank lacks, of the item that is asked and another.
type Forgets = fn(&Item, &Item) -> bool;

const FORGETTING: [(&str, Forgets); 3] = [
    ("grounded", |_, _| false),
    ("without the item", |asked, other| asked.id == other.id),
    ("without its survey", |asked, other| other.kind == Kind::Survey && survey(asked) == survey(other)),
];

/// A survey's name without its year.
fn survey(item: &Item) -> &str {
    item.source.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default()
}

/// Every group's answers, and how much of what was really said their intervals hold.
fn predictions<'a>(
    engine: &mut Engine,
    held: &'a HeldOut,
    forgets: Forgets,
) -> Result<(Cells<'a>, f64), EvaluateError> {
    let (mut cells, mut inside, mut all) = (Cells::new(), 0.0, 0.0);
    for group in &held.groups {
        let question = held.questions.iter().find(|question| question.item == group.item);
        let (Some(asked), Some(question)) = (engine.item(&group.item), question) else { continue };
        let gone: Vec<String> =
            engine.items().filter(|other| forgets(asked, other)).map(|item| item.id.clone()).collect();
        let query = query(question, &group.audience);
        engine.forget(|item| gone.contains(&item.id));
        let (shares, intervals) = predict(engine, &query)?;
        for (share, [least, most]) in group.shares.iter().zip(intervals) {
            inside += f64::from(u8::from((least..=most).contains(share)));
            all += 1.0;
        }
        cells.insert((&group.item, &group.group), shares);
    }
    engine.forget(|_| false);
    Ok((cells, inside / all))
}

fn query(asked: &Question, audience: &Value) -> Value {
    let options: Vec<_> = asked.options.iter().rev().collect();
    json!({"question": asked.question, "type": "single_choice", "options": options, "audience": audience})
}

type Told = (Vec<f64>, Vec<[f64; 2]>);

/// Shares and intervals, in the order of the bank's options, which goes the other way.
fn predict(engine: &Engine, query: &Value) -> Result<Told, EvaluateError> {
    let query = Query::from_json(query.to_string().as_bytes())
        .map_err(|error: RequestError| QueryError::from(error))?;
    let answer = engine.answer(&query)?;
    let shares = answer.distribution.map(|told| told.0).unwrap_or_default();
    let intervals = answer.interval.map(|told| told.0).unwrap_or_default();
    Ok((
        shares.into_iter().rev().map(|(_, share)| share).collect(),
        intervals.into_iter().rev().map(|(_, interval)| interval).collect(),
    ))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} items, {} groups of respondents that no fit has seen\n", self.items, self.groups)?;
        writeln!(f, "predictor            accuracy  adaptability  structure  geometric mean  in interval")?;
        for Predictor { name, figures: g, covered } in &self.predictors {
            let covered = covered.map(|share| format!("{share:.3}")).unwrap_or_default();
            writeln!(
                f,
                "{name:<20} {:>8.3} {:>13.3} {:>10.3} {:>15.3} {covered:>12}",
                g.accuracy, g.adaptability, g.structure, g.geometric_mean
            )?;
        }
        if !self.ratings.is_empty() {
            writeln!(f, "\nratings of texts     sentences  Spearman (0.87 at most)")?;
        }
        for Agreement { set, sentences, spearman } in &self.ratings {
            writeln!(f, "{set:<20} {sentences:>9} {spearman:>9.3}")?;
        }
        Ok(())
    }
}
