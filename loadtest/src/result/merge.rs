//! Several processes' results as one: what each of them measured of the same load.

use std::collections::BTreeMap;

use super::{
    HistogramError, Intervals, Latencies, MoneySummary, RunResult, SCHEMA, Summary, TargetSummary,
    build::additivity,
};
use crate::{plan::Threshold, sample::Measure, wallets::total};

/// Why results cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is nothing to merge.
    #[error("nothing to merge")]
    Nothing,
    /// A result of another program's version.
    #[error("a result is of the form `{0}`, not `{SCHEMA}`")]
    Schema(String),
    /// The runs were of different lengths.
    #[error("the runs' stretches are {0} s and {1} s long: only runs of one duration merge")]
    Length(f64, f64),
    /// A histogram.
    #[error(transparent)]
    Histogram(#[from] HistogramError),
}

/// Merges results of runs that went on at the same time. Rates and counts add up; percentiles are those of all calls.
///
/// # Errors
/// [`MergeError`] when they do not belong together.
pub fn merge(results: Vec<RunResult>) -> Result<RunResult, MergeError> {
    let mut results = results.into_iter();
    let mut merged = results.next().ok_or(MergeError::Nothing)?;
    for result in results {
        merged = pair(merged, result)?;
    }
    let conditions = merged.thresholds.iter().filter_map(|threshold| threshold.condition.parse().ok());
    let conditions: Vec<Threshold> = conditions.collect();
    merged.judge(&conditions)?;
    Ok(merged)
}

fn pair(mut one: RunResult, other: RunResult) -> Result<RunResult, MergeError> {
    for result in [&one, &other] {
        if result.schema != SCHEMA {
            return Err(MergeError::Schema(result.schema.clone()));
        }
    }
    let lengths = (one.intervals.length_s, other.intervals.length_s);
    if (lengths.0 - lengths.1).abs() > 1e-9 {
        return Err(MergeError::Length(lengths.0, lengths.1));
    }
    (one.measures, one.intervals) = measures(&one, &other)?;
    one.additivity = additivity(&one.measures);
    one.targets = targets(&one, &other);
    one.provenance.hosts.extend(other.provenance.hosts);
    if one.provenance.plan_hash != other.provenance.plan_hash {
        one.provenance.plan_hash = format!("{} {}", one.provenance.plan_hash, other.provenance.plan_hash);
    }
    let (ours, theirs) = (&mut one.load, other.load);
    ours.plan = format!("{} + {}", ours.plan, theirs.plan);
    ours.duration_s = ours.duration_s.max(theirs.duration_s);
    ours.elapsed_s = ours.elapsed_s.max(theirs.elapsed_s);
    ours.intended += theirs.intended;
    ours.started += theirs.started;
    ours.not_started_in_flight += theirs.not_started_in_flight;
    ours.not_started_interrupted += theirs.not_started_interrupted;
    ours.served += theirs.served;
    ours.served_per_s += theirs.served_per_s;
    ours.sent_again += theirs.sent_again;
    for (reason, count) in other.unserved {
        *one.unserved.entry(reason).or_default() += count;
    }
    one.generator.bottleneck.extend(other.generator.bottleneck);
    one.generator.processors_busy =
        one.generator.processors_busy.zip(other.generator.processors_busy).map(|(a, b)| a + b);
    one.money = match (one.money, other.money) {
        (Some(ours), Some(theirs)) => Some(money(ours, theirs)),
        (ours, theirs) => ours.or(theirs),
    };
    one.cost = match (one.cost, other.cost) {
        (Some(ours), Some(theirs)) => Some(ours.with(theirs)),
        (ours, theirs) => ours.or(theirs),
    };
    one.points.extend(other.points);
    one.points.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    Ok(one)
}

fn measures(
    one: &RunResult,
    other: &RunResult,
) -> Result<(BTreeMap<String, Summary>, Intervals), HistogramError> {
    let (mut summaries, mut measures) = (BTreeMap::new(), BTreeMap::new());
    for measure in Measure::ALL {
        let (mut ours, theirs) = (one.stretches(measure)?, other.stretches(measure)?);
        ours.resize_with(ours.len().max(theirs.len()), Latencies::default);
        ours.iter_mut().zip(&theirs).for_each(|(ours, theirs)| ours.add(theirs));
        let mut all = Latencies::default();
        ours.iter().for_each(|stretch| all.add(stretch));
        let sum =
            |result: &RunResult| result.measures.get(measure.name()).map_or(0.0, |summary| summary.sum_s);
        if all.count() > 0 {
            summaries.insert(measure.name().to_owned(), all.summary(sum(one) + sum(other)));
            measures.insert(measure.name().to_owned(), ours.iter().map(Latencies::encode).collect());
        }
    }
    Ok((summaries, Intervals { length_s: one.intervals.length_s, measures }))
}

/// Targets by name. Percentiles of one target alone cannot be had from two: the larger ones are kept.
fn targets(one: &RunResult, other: &RunResult) -> Vec<TargetSummary> {
    let mut targets = one.targets.clone();
    for theirs in &other.targets {
        match targets.iter_mut().find(|ours| ours.name == theirs.name) {
            None => targets.push(theirs.clone()),
            Some(ours) => {
                ours.started += theirs.started;
                ours.served += theirs.served;
                ours.total = larger(ours.total, theirs.total);
            }
        }
    }
    targets
}

fn larger(one: Summary, other: Summary) -> Summary {
    let (count, sum_s) = (one.count + other.count, one.sum_s + other.sum_s);
    #[expect(clippy::cast_precision_loss, reason = "a count of calls, far below 2^53")]
    let mean_s = sum_s / count.max(1) as f64;
    Summary {
        count,
        sum_s,
        mean_s,
        min_s: one.min_s.min(other.min_s),
        p50_s: one.p50_s.max(other.p50_s),
        p75_s: one.p75_s.max(other.p75_s),
        p90_s: one.p90_s.max(other.p90_s),
        p95_s: one.p95_s.max(other.p95_s),
        p99_s: one.p99_s.max(other.p99_s),
        p999_s: one.p999_s.max(other.p999_s),
        max_s: one.max_s.max(other.max_s),
    }
}

fn money(one: MoneySummary, other: MoneySummary) -> MoneySummary {
    let (mut classes, mut credits) = (one.classes, one.credits);
    for (class, count) in other.classes {
        *classes.entry(class).or_default() += count;
    }
    for (payee, amount) in other.credits {
        let credit = credits.entry(payee).or_default();
        *credit = total([*credit, amount]);
    }
    let mut findings = one.findings;
    findings.extend(other.findings);
    MoneySummary {
        classes,
        credits,
        findings,
        signed: total([one.signed, other.signed]),
        claimed: total([one.claimed, other.claimed]),
        debits: total([one.debits, other.debits]),
        returns: total([one.returns, other.returns]),
        balances: total([one.balances, other.balances]),
        channels: match (one.channels, other.channels) {
            (Some(ours), Some(theirs)) => Some(ours.with(theirs)),
            (ours, theirs) => ours.or(theirs),
        },
        ledger: one.ledger.zip(other.ledger).map(|(ours, theirs)| total([ours, theirs])),
        unproven: one.unproven + other.unproven,
        blocks: [one.blocks[0].min(other.blocks[0]), one.blocks[1].max(other.blocks[1])],
    }
}
