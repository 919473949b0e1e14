use serde::{Deserialize, Serialize};

/// A figure over all rounds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) rounds: Vec<f64>,
}

impl Spread {
    pub(crate) fn of(rounds: &[f64]) -> Self {
        Self {
            median: percentile(rounds, 0.5),
            min: percentile(rounds, 0.0),
            max: percentile(rounds, 1.0),
            rounds: rounds.to_vec(),
        }
    }
}

/// The smallest sample that at least `share` of all samples do not exceed; not a number of none.
pub(crate) fn percentile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = (1..=sorted.len()).position(|rank| rank as f64 >= share * sorted.len() as f64);
    position.and_then(|at| sorted.get(at)).copied().unwrap_or(f64::NAN)
}
