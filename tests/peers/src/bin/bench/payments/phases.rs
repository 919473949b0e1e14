//! Where the time of a paid call goes, by the `Server-Timing` of our gate.

use super::calls::Calls;
use crate::{data::Row, stats::percentile};

/// The median of one phase.
pub(crate) fn median(calls: &Calls, phase: &str) -> f64 {
    let told = calls.timings.iter().flat_map(|header| timing(header));
    let took: Vec<_> = told.filter(|(name, _)| *name == phase).map(|(_, took)| took).collect();
    percentile(&took, 0.5)
}

/// The median of every phase, and what is left of the median call.
pub(crate) fn rows(how: &str, calls: &Calls) -> Vec<Row> {
    let first = calls.timings.first().map(String::as_str).unwrap_or_default();
    let phases: Vec<_> = timing(first).map(|(name, _)| (name, median(calls, name))).collect();
    let rest = calls.p50() - phases.iter().map(|(_, took)| took).sum::<f64>();
    let all = phases.into_iter().chain([("all else, the client's part included", rest)]);
    all.map(|(phase, took)| Row::new(format!("{how}: {phase}"), "ms", &[took])).collect()
}

/// The phases of a `Server-Timing` header with their milliseconds.
fn timing(header: &str) -> impl Iterator<Item = (&str, f64)> {
    header.split(", ").filter_map(|phase| {
        let (name, took) = phase.split_once(";dur=")?;
        Some((name, took.parse().ok()?))
    })
}
