//! How near a predictor comes to what groups of people really said.

use std::collections::BTreeMap;

use serde::Serialize;

/// Shares by item and group.
pub(super) type Cells<'a> = BTreeMap<(&'a str, &'a str), Vec<f64>>;

/// One predictor's figures, each at most 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Figures {
    /// One less the mean total variation distance, relative to that of the uniform predictor.
    pub(super) accuracy: f64,
    /// The correlation of predicted and real departures of groups from the whole; 0 where none are predicted.
    pub(super) adaptability: f64,
    /// The correlation of predicted and real distances between groups over all items.
    pub(super) structure: f64,
    pub(super) geometric_mean: f64,
}

pub(super) fn figures(
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
pub(super) fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len().max(1) as f64;
    let (ma, mb) = (mean(a), mean(b));
    let product = |x: &[f64], mx: f64, y: &[f64], my: f64| {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>()
    };
    let spread = (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt();
    if spread < 1e-9 { 0.0 } else { (product(a, ma, b, mb) / spread).max(0.0) }
}
