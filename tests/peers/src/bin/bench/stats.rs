use serde::Serialize;

/// A figure over all rounds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    pub(crate) fn of(samples: &[f64]) -> Self {
        Self {
            median: percentile(samples, 0.5),
            min: percentile(samples, 0.0),
            max: percentile(samples, 1.0),
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
