use super::{HistogramError, RunResult, ThresholdResult};
use crate::plan::{Quantity, Threshold};

impl RunResult {
    /// Holds the run against conditions, and draws the verdict.
    ///
    /// # Errors
    /// [`HistogramError`] where the result's histograms cannot be read.
    pub fn judge(&mut self, conditions: &[Threshold]) -> Result<(), HistogramError> {
        self.thresholds = conditions.iter().map(|one| self.check(one)).collect::<Result<_, _>>()?;
        let failed = self.thresholds.iter().filter(|threshold| !threshold.passed);
        self.verdict.thresholds = failed.map(|threshold| threshold.condition.clone()).collect();
        self.verdict.leaks = self.money.iter().flat_map(|money| money.findings.clone()).collect();
        self.verdict.passed = self.verdict.leaks.is_empty() && self.verdict.thresholds.is_empty();
        Ok(())
    }

    fn check(&self, condition: &Threshold) -> Result<ThresholdResult, HistogramError> {
        let value = self.value(condition.quantity)?;
        let passed = value.is_some_and(|value| !condition.fails(value));
        Ok(ThresholdResult { condition: condition.to_string(), value, passed })
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of calls, far below 2^53")]
    fn value(&self, quantity: Quantity) -> Result<Option<f64>, HistogramError> {
        let load = &self.load;
        let summary = |measure: crate::sample::Measure| self.measures.get(measure.name());
        Ok(match quantity {
            Quantity::Percentile(percent, measure) => {
                let latencies = self.latencies(measure)?;
                (latencies.count() > 0).then(|| latencies.percentile(percent))
            }
            Quantity::Mean(measure) => summary(measure).map(|summary| summary.mean_s),
            Quantity::Max(measure) => summary(measure).map(|summary| summary.max_s),
            Quantity::Rate => Some(load.served_per_s),
            Quantity::Errors if load.started == 0 => None,
            Quantity::Errors => Some((load.started - load.served) as f64 / load.started as f64),
            Quantity::NotStarted => Some((load.intended - load.started) as f64),
        })
    }
}
