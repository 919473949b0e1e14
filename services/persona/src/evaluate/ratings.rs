//! Ratings of free texts against labelled sentences that the fit did not see.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

use super::metrics::correlation;
use crate::engine::Engine;

/// The sets, and whether every second sentence of it was fitted.
const SETS: [(&str, bool); 3] = [("amazon", true), ("yelp", true), ("imdb", false)];

#[derive(Deserialize)]
struct Row {
    text: Option<String>,
    class: Option<u8>,
}

/// One set's result.
#[derive(Serialize)]
pub(super) struct Agreement {
    pub(super) set: &'static str,
    pub(super) sentences: usize,
    /// Spearman's rank correlation; two labels of equal number allow 0.87 at most.
    pub(super) spearman: f64,
}

pub(super) fn judge(engine: &Engine, folder: &Path) -> io::Result<Vec<Agreement>> {
    SETS.into_iter()
        .map(|(set, fitted)| agreement(engine, &folder.join(format!("{set}.json")), set, fitted))
        .collect()
}

fn agreement(engine: &Engine, file: &Path, set: &'static str, fitted: bool) -> io::Result<Agreement> {
    let rows: Vec<Row> = serde_json::from_slice(&fs::read(file)?)?;
    let labelled = rows.into_iter().filter_map(|row| Some((row.text?, row.class?)));
    let unseen = labelled.enumerate().filter(|(at, _)| !fitted || at % 2 == 1);
    let (ours, labels): (Vec<f64>, Vec<f64>) = unseen
        .map(|(_, (text, class))| (f64::from(engine.rater.place(&engine.matcher, &text)), f64::from(class)))
        .unzip();
    Ok(Agreement { set, sentences: ours.len(), spearman: correlation(&ranks(&ours), &ranks(&labels)) })
}

/// Ranks, the mean of them where values are equal.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let up_to = sorted.partition_point(|other| other <= value);
        (below + up_to) as f64 / 2.0
    };
    values.iter().map(rank).collect()
}
