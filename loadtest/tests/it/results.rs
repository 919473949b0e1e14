//! Percentiles, merging and comparing, on samples whose answer is known.

use std::time::Duration;

use loadtest::{
    output::{hdr_log, html},
    plan::Threshold,
    result::{Intervals, Latencies, MergeError, RunResult, SCHEMA, compare, merge},
    sample::Measure,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

const STRETCHES: usize = 60;
const CALLS: usize = 20;

/// A run of an hour's tenth: each stretch has its own luck, as a block or a busy disk gives it.
fn run(seed: u64, slower: f64) -> RunResult {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = move || f64::from(random.next_u32()) / f64::from(u32::MAX);
    let (mut stretches, mut all, mut sum) = (Vec::new(), Latencies::default(), 0.0);
    for _ in 0..STRETCHES {
        let (luck, mut stretch) = (0.9 + 0.2 * uniform(), Latencies::default());
        for _ in 0..CALLS {
            let seconds = 0.020 * slower * luck * (1.0 - uniform() * 0.999).ln().abs().mul_add(0.5, 1.0);
            stretch.record(Duration::from_secs_f64(seconds));
            sum += seconds;
        }
        all.add(&stretch);
        stretches.push(stretch.encode());
    }
    let mut result = RunResult { schema: SCHEMA.to_owned(), ..RunResult::default() };
    result.intervals = Intervals { length_s: 1.0, measures: [("total".to_owned(), stretches)].into() };
    result.measures.insert("total".to_owned(), all.summary(sum));
    result
}

fn differs(one: &RunResult, other: &RunResult) -> bool {
    compare(one, other, Measure::Total, 1).expect("histograms").expect("a comparison").differs()
}

#[test]
fn percentiles_of_a_known_sample() {
    let mut latencies = Latencies::default();
    (1..=10_000u64).for_each(|tenth| latencies.record(Duration::from_micros(tenth * 100)));
    for (percent, seconds) in [(50.0, 0.5), (90.0, 0.9), (99.0, 0.99), (99.9, 0.999)] {
        assert!((latencies.percentile(percent) / seconds - 1.0).abs() < 0.001, "p{percent}");
    }
    assert!((latencies.share_below(0.25) - 0.25).abs() < 0.001);
    let again = Latencies::decode(&latencies.encode()).expect("a histogram");
    assert_eq!(again.summary(0.0), latencies.summary(0.0));
}

#[test]
fn equal_runs_seldom_differ() {
    let different = (0..20).filter(|seed| differs(&run(2 * seed, 1.0), &run(2 * seed + 1, 1.0))).count();
    assert!(different <= 3, "{different} of 20 pairs of equal runs are said to differ");
}

#[test]
fn a_fifth_slower_is_found() {
    for seed in 0..20 {
        let (before, after) = (run(2 * seed, 1.0), run(2 * seed + 1, 1.2));
        let comparison =
            compare(&before, &after, Measure::Total, 1).expect("histograms").expect("a comparison");
        let mean = comparison.differences[0];
        assert!(mean.is_real() && mean.ratio[0] > 1.05 && mean.ratio[1] < 1.4, "{mean:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_interval() {
    let (before, after) = (run(1, 1.0), run(2, 1.0));
    let compared = |seed| compare(&before, &after, Measure::Total, seed).expect("histograms");
    assert_eq!(compared(7), compared(7));
    assert_eq!(compare(&before, &after, Measure::Sign, 7).expect("histograms"), None, "nobody signed");
}

#[test]
fn merged_runs_have_the_percentiles_of_all_calls() {
    let (fast, slow) = (run(1, 1.0), run(2, 3.0));
    let merged = merge(vec![fast.clone(), slow.clone()]).expect("a result");
    let mut all = fast.latencies(Measure::Total).expect("a histogram");
    all.add(&slow.latencies(Measure::Total).expect("a histogram"));
    let total = merged.measures["total"];
    assert_eq!(total.count, 2 * (STRETCHES * CALLS) as u64);
    assert!((total.p99_s - all.percentile(99.0)).abs() < 1e-9);
    assert!((total.sum_s - fast.measures["total"].sum_s - slow.measures["total"].sum_s).abs() < 1e-9);
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let mut longer = run(2, 1.0);
    longer.intervals.length_s = 2.0;
    assert!(matches!(merge(vec![run(1, 1.0), longer]), Err(MergeError::Length(..))));
    let other = RunResult { schema: "other/1".to_owned(), ..run(2, 1.0) };
    assert!(matches!(merge(vec![run(1, 1.0), other]), Err(MergeError::Schema(_))));
    assert!(matches!(merge(Vec::new()), Err(MergeError::Nothing)));
}

#[test]
fn conditions_are_held_against_the_whole_run() {
    let mut result = run(1, 1.0);
    let conditions = |texts: &[&str]| -> Vec<Threshold> {
        texts.iter().map(|text| text.parse().expect("a condition")).collect()
    };
    result.judge(&conditions(&["p99(total)>1s", "mean(total)>1s"])).expect("histograms");
    assert!(result.verdict.passed);
    result.judge(&conditions(&["p50(total)>1ms", "p99(to-block)>1s"])).expect("histograms");
    assert_eq!(
        result.verdict.thresholds,
        ["p50(total)>1ms", "p99(to-block)>1s"],
        "what was not measured fails"
    );
}

#[test]
fn a_result_becomes_a_page_and_a_log() {
    let page = html(&run(1, 1.0)).expect("a page");
    assert!(
        page.contains("<svg") && !page.contains("<script") && !page.contains("src="),
        "it needs nothing else"
    );
    let log = String::from_utf8(hdr_log(&run(1, 1.0)).expect("a log")).expect("text");
    assert_eq!(log.lines().filter(|line| line.starts_with("Tag=total,")).count(), STRETCHES);
}
