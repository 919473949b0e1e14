use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer, V2DeflateSerializer},
};

use super::{RunResult, Summary};
use crate::sample::Measure;

/// Three digits: a thousandth of a value, whatever its size.
const DIGITS: u8 = 3;
/// The longest time that is told apart, in microseconds: a day.
const LONGEST: u64 = 86_400_000_000;

/// Times, to three digits, in microseconds.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

/// Why a result's histograms cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the result's histograms cannot be read: {0}")]
pub struct HistogramError(String);

impl HistogramError {
    pub(crate) const fn new(reason: String) -> Self {
        Self(reason)
    }
}

impl Default for Latencies {
    fn default() -> Self {
        let bounded = Histogram::new_with_bounds(1, 2, DIGITS);
        let mut histogram = bounded.unwrap_or_else(|_| unreachable!("constants that the library accepts"));
        histogram.auto(true);
        Self(histogram)
    }
}

impl Latencies {
    /// Adds a time.
    pub fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(LONGEST).min(LONGEST);
        // It grows by itself, so that every value fits.
        let _ = self.0.record(micros);
    }

    /// Adds all times of another.
    pub fn add(&mut self, other: &Self) {
        // It grows by itself, so that every value fits.
        let _ = self.0.add(&other.0);
    }

    /// How many times there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time that so many percent do not exceed, in seconds.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> f64 {
        seconds(self.0.value_at_percentile(percent))
    }

    /// The mean, in seconds.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.0.mean() / 1e6
    }

    /// The share of times at or below a number of seconds.
    #[must_use]
    pub fn share_below(&self, limit: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time, clamped by the library"
        )]
        let micros = (limit * 1e6).max(0.0) as u64;
        self.0.percentile_below(micros) / 100.0
    }

    /// The distribution; the sum is exact where the caller knows it.
    #[must_use]
    pub fn summary(&self, sum: f64) -> Summary {
        if self.count() == 0 {
            return Summary::default();
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of calls, far below 2^53")]
        let mean_s = sum / self.count() as f64;
        Summary {
            count: self.count(),
            sum_s: sum,
            min_s: seconds(self.0.min()),
            mean_s,
            p50_s: self.percentile(50.0),
            p75_s: self.percentile(75.0),
            p90_s: self.percentile(90.0),
            p95_s: self.percentile(95.0),
            p99_s: self.percentile(99.0),
            p999_s: self.percentile(99.9),
            max_s: seconds(self.0.max()),
        }
    }

    /// The text of a result.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = Vec::new();
        match V2DeflateSerializer::new().serialize(&self.0, &mut bytes) {
            Ok(_) if self.count() > 0 => BASE64_STANDARD.encode(bytes),
            _ => String::new(),
        }
    }

    /// Reads the text of a result.
    ///
    /// # Errors
    /// [`HistogramError`].
    pub fn decode(text: &str) -> Result<Self, HistogramError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let bytes = BASE64_STANDARD.decode(text).map_err(|error| HistogramError(error.to_string()))?;
        let read: Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| HistogramError(format!("{error:?}")))?;
        let mut latencies = Self::default();
        latencies.0.add(read).map_err(|error| HistogramError(error.to_string()))?;
        Ok(latencies)
    }

    /// The times in seconds, and how many there are of each.
    #[expect(clippy::cast_precision_loss, reason = "counts and microseconds, far below 2^53")]
    pub(super) fn times(&self) -> impl Iterator<Item = (f64, f64)> {
        self.0.iter_recorded().map(|at| (seconds(at.value_iterated_to()), at.count_at_value() as f64))
    }

    pub(crate) const fn histogram(&self) -> &Histogram<u64> {
        &self.0
    }
}

impl RunResult {
    /// The histograms of a measure, stretch by stretch.
    ///
    /// # Errors
    /// [`HistogramError`].
    pub fn stretches(&self, measure: Measure) -> Result<Vec<Latencies>, HistogramError> {
        let texts = self.intervals.measures.get(measure.name());
        texts.into_iter().flatten().map(|text| Latencies::decode(text)).collect()
    }

    /// The histogram of a measure over the whole run.
    ///
    /// # Errors
    /// [`HistogramError`].
    pub fn latencies(&self, measure: Measure) -> Result<Latencies, HistogramError> {
        let mut all = Latencies::default();
        self.stretches(measure)?.iter().for_each(|stretch| all.add(stretch));
        Ok(all)
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a day, far below 2^53")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}
