//! Held-out respondents of the General Social Survey against the answers: the same path as a paid query, in other words than the bank's.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    engine::{Engine, QueryError},
    request::Query,
};

const HELD_OUT: &str = include_str!("../data/held_out.json");

#[derive(Deserialize)]
struct HeldOut {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    item: String,
    group: String,
    audience: Value,
    n: f64,
    shares: Vec<f64>,
}

/// One predictor's figures, each at most 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Figures {
    /// One less the mean total variation distance, relative to that of the uniform predictor.
    accuracy: f64,
    /// The correlation of predicted and real departures of groups from the whole; 0 where none are predicted.
    adaptability: f64,
    /// The correlation of predicted and real distances between groups over all items.
    structure: f64,
    geometric_mean: f64,
}

/// Us beside simpler predictors.
#[derive(Serialize)]
pub(crate) struct Report {
    items: usize,
    groups: usize,
    grounded: Figures,
    marginal: Figures,
    uniform: Figures,
}

type Cells<'a> = BTreeMap<(&'a str, &'a str), Vec<f64>>;

pub(crate) fn run(engine: &Engine) -> Result<Report, QueryError> {
    let held: HeldOut = serde_json::from_str(HELD_OUT).map_err(crate::request::RequestError::from)?;
    let real: Cells<'_> =
        held.groups.iter().map(|g| ((g.item.as_str(), g.group.as_str()), g.shares.clone())).collect();
    let weights: BTreeMap<_, f64> =
        held.groups.iter().map(|g| ((g.item.as_str(), g.group.as_str()), g.n)).collect();
    let mut grounded = Cells::new();
    for group in &held.groups {
        grounded.insert((&group.item, &group.group), predict(engine, group)?);
    }
    let marginal = real.keys().map(|key| (*key, real[&(key.0, "all")].clone())).collect();
    let uniform: Cells<'_> =
        real.iter().map(|(key, shares)| (*key, vec![1.0 / shares.len() as f64; shares.len()])).collect();
    let judge = |predicted: &Cells<'_>| figures(predicted, &real, &uniform, &weights);
    let items: std::collections::BTreeSet<_> = held.groups.iter().map(|g| &g.item).collect();
    Ok(Report {
        items: items.len(),
        groups: held.groups.len(),
        grounded: judge(&grounded),
        marginal: judge(&marginal),
        uniform: judge(&uniform),
    })
}

/// Asks as a customer would, in another wording and order of options than the bank's.
fn predict(engine: &Engine, group: &Group) -> Result<Vec<f64>, QueryError> {
    let text = engine.wording(&group.item).unwrap_or_default();
    let (question, options) = match (text.split_once(" on "), text.split_once(" abortion ")) {
        (Some((_, topic)), _) if text.starts_with("Are we") => (
            format!("Does this country spend too little, about the right amount or too much on {topic}"),
            ["Too little", "About the right amount", "Too much"].as_slice(),
        ),
        (_, Some((_, reason))) => (
            format!("Do you think a woman should be able to get a legal abortion {reason}"),
            ["Yes", "No"].as_slice(),
        ),
        _ => (text.to_owned(), [].as_slice()),
    };
    let query = json!({"question": question, "type": "single_choice", "options": options, "audience": group.audience});
    let answer = engine.answer(&Query::from_json(query.to_string().as_bytes())?)?;
    let shares = answer.distribution.map(|d| d.0).unwrap_or_default();
    Ok(shares.into_iter().rev().map(|(_, share)| share).collect()) // the bank's options go the other way
}

fn figures(
    predicted: &Cells<'_>,
    real: &Cells<'_>,
    uniform: &Cells<'_>,
    weights: &BTreeMap<(&str, &str), f64>,
) -> Figures {
    let off = |cells: &Cells<'_>| {
        weighted(real.keys().map(|key| (distance(&cells[key], &real[key]), weights[key])))
    };
    let accuracy = (1.0 - off(predicted) / off(uniform)).max(0.0);
    let departures = |cells: &Cells<'_>| -> Vec<f64> {
        cells
            .iter()
            .filter(|(key, _)| key.1 != "all")
            .flat_map(|(key, shares)| minus(shares, &cells[&(key.0, "all")]))
            .collect()
    };
    let adaptability = correlation(&departures(predicted), &departures(real));
    let structure = correlation(&between_groups(predicted), &between_groups(real));
    Figures {
        accuracy,
        adaptability,
        structure,
        geometric_mean: (accuracy * adaptability * structure).cbrt(),
    }
}

/// The distance of every two groups, over the items that both have.
fn between_groups(cells: &Cells<'_>) -> Vec<f64> {
    let mut by_group: BTreeMap<&str, BTreeMap<&str, &Vec<f64>>> = BTreeMap::new();
    for ((item, group), shares) in cells {
        by_group.entry(group).or_default().insert(item, shares);
    }
    let groups: Vec<_> = by_group.values().collect();
    let apart = |a: &BTreeMap<&str, &Vec<f64>>, b: &BTreeMap<&str, &Vec<f64>>| {
        weighted(a.iter().filter_map(|(item, shares)| Some((distance(shares, b.get(item)?), 1.0))))
    };
    (0..groups.len())
        .flat_map(|i| (0..i).map(move |j| (i, j)))
        .map(|(i, j)| apart(groups[i], groups[j]))
        .collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    minus(a, b).iter().map(|d| d.abs()).sum::<f64>() / 2.0
}

fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn weighted(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (sum, weight) =
        values.fold((0.0, 0.0), |(sum, all), (value, weight)| (sum + value * weight, all + weight));
    if weight == 0.0 { 0.0 } else { sum / weight }
}

/// Pearson's, and 0 where one side does not vary or they go apart.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len().max(1) as f64;
    let (ma, mb) = (mean(a), mean(b));
    let product = |x: &[f64], mx: f64, y: &[f64], my: f64| {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>()
    };
    let spread = (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt();
    if spread < 1e-9 { 0.0 } else { (product(a, ma, b, mb) / spread).max(0.0) }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} items, {} groups of respondents that no fit has seen\n", self.items, self.groups)?;
        writeln!(
            f,
            "{:<10} {:>9} {:>13} {:>10} {:>15}",
            "predictor", "accuracy", "adaptability", "structure", "geometric mean"
        )?;
        for (name, g) in [("grounded", self.grounded), ("marginal", self.marginal), ("uniform", self.uniform)]
        {
            writeln!(
                f,
                "{name:<10} {:>9.3} {:>13.3} {:>10.3} {:>15.3}",
                g.accuracy, g.adaptability, g.structure, g.geometric_mean
            )?;
        }
        Ok(())
    }
}
