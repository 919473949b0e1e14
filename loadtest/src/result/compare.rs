//! Whether one run was slower than another, or only luckier.
//!
//! Calls of one moment are alike: they share a block, a stall, a busy disk. So whole stretches of time are drawn again, with
//! replacement, and the percentiles of what was drawn show how far chance alone carries them (a block bootstrap). A
//! difference counts when no change lies outside of the interval.

use std::fmt;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::{HistogramError, Latencies, RunResult};
use crate::sample::Measure;

/// How often each run is drawn again.
const DRAWS: usize = 1000;
/// The chance that any figure of a comparison differs although nothing changed, shared out among them.
const ERROR: f64 = 0.05;
/// The percentiles that are compared, in order.
const PERCENTILES: [u8; 3] = [50, 90, 99];
/// The figures that are compared; the mean is the first.
const FIGURES: [Figure; 4] = [
    Figure::Mean,
    Figure::Percentile(PERCENTILES[0]),
    Figure::Percentile(PERCENTILES[1]),
    Figure::Percentile(PERCENTILES[2]),
];

/// What two runs' times say of each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The measure.
    pub measure: Measure,
    /// Figure by figure.
    pub differences: Vec<Difference>,
}

/// One figure of two runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Which.
    pub figure: Figure,
    /// The first run's, in seconds.
    pub before_s: f64,
    /// The second run's, in seconds.
    pub after_s: f64,
    /// The second over the first: between these, all figures together, in 95 of 100 comparisons.
    pub ratio: [f64; 2],
}

/// A figure of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The mean.
    Mean,
    /// A percentile.
    Percentile(u8),
}

impl Difference {
    /// Whether the difference is more than chance.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.ratio[0] > 1.0 || self.ratio[1] < 1.0
    }
}

impl Comparison {
    /// Whether anything differs.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.differences.iter().any(Difference::is_real)
    }
}

/// Compares a measure of two runs. `None` where one of them does not have it. The same seed gives the same interval.
///
/// # Errors
/// [`HistogramError`] where a result cannot be read.
pub fn compare(
    before: &RunResult,
    after: &RunResult,
    measure: Measure,
    seed: u64,
) -> Result<Option<Comparison>, HistogramError> {
    let (before, after) = (Sample::new(&before.stretches(measure)?), Sample::new(&after.stretches(measure)?));
    if before.is_empty() || after.is_empty() {
        return Ok(None);
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut ratios = [const { Vec::new() }; FIGURES.len()];
    for _ in 0..DRAWS {
        let figures = (before.figures(&before.draw(&mut random)), after.figures(&after.draw(&mut random)));
        for (ratios, (before, after)) in ratios.iter_mut().zip(figures.0.into_iter().zip(figures.1)) {
            ratios.push(after / before.max(f64::MIN_POSITIVE));
        }
    }
    let (befores, afters) = (before.figures(&before.as_it_was()), after.figures(&after.as_it_was()));
    let shown = FIGURES.into_iter().zip(befores.into_iter().zip(afters)).zip(ratios);
    let differences = shown.map(|((figure, (before_s, after_s)), mut ratios)| Difference {
        figure,
        before_s,
        after_s,
        ratio: interval(&mut ratios),
    });
    Ok(Some(Comparison { measure, differences: differences.collect() }))
}

/// A run's times in order, each with the stretch that it is of.
struct Sample {
    /// Seconds, stretch, how many.
    times: Vec<(f64, usize, f64)>,
    stretches: usize,
}

impl Sample {
    /// Stretches without a call are left out.
    fn new(stretches: &[Latencies]) -> Self {
        let filled = stretches.iter().filter(|stretch| stretch.count() > 0);
        let of = |(index, stretch): (usize, &Latencies)| {
            stretch.times().map(move |(time, count)| (time, index, count)).collect::<Vec<_>>()
        };
        let mut times: Vec<_> = filled.clone().enumerate().flat_map(of).collect();
        times.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        Self { times, stretches: filled.count() }
    }

    const fn is_empty(&self) -> bool {
        self.stretches == 0
    }

    fn as_it_was(&self) -> Vec<f64> {
        vec![1.0; self.stretches]
    }

    /// How often each stretch is drawn, when as many are drawn as there are.
    fn draw(&self, random: &mut ChaCha8Rng) -> Vec<f64> {
        let (count, mut drawn) =
            (u64::try_from(self.stretches).unwrap_or(u64::MAX), vec![0.0; self.stretches]);
        for _ in 0..self.stretches {
            // The high half of a product: even to one part in 2^32, without a division.
            let index = (u64::from(random.next_u32()) * count) >> 32;
            drawn[usize::try_from(index).unwrap_or_default()] += 1.0;
        }
        drawn
    }

    /// The figures of what was drawn.
    fn figures(&self, drawn: &[f64]) -> [f64; FIGURES.len()] {
        let total: f64 = self.times.iter().map(|(_, stretch, count)| count * drawn[*stretch]).sum();
        let ranks = PERCENTILES.map(|percent| f64::from(percent) / 100.0 * total);
        let (mut figures, mut sum, mut below, mut next) = ([0.0; FIGURES.len()], 0.0, 0.0, 0);
        for (time, stretch, count) in &self.times {
            let count = count * drawn[*stretch];
            sum += time * count;
            below += count;
            while ranks.get(next).is_some_and(|rank| below >= *rank) {
                next += 1;
                figures[next] = *time;
            }
        }
        figures[0] = sum / total.max(1.0);
        figures
    }
}

/// The middle of the ratios, wide enough for all figures together.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index"
)]
fn interval(ratios: &mut [f64]) -> [f64; 2] {
    ratios.sort_unstable_by(f64::total_cmp);
    let tail = (ERROR / FIGURES.len() as f64 / 2.0 * ratios.len() as f64) as usize;
    [ratios[tail], ratios[ratios.len() - 1 - tail]]
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.pad("mean"),
            Self::Percentile(percent) => f.pad(&format!("p{percent}")),
        }
    }
}
