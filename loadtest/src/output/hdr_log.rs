//! A result's histograms as an HdrHistogram interval log, which other tools read.

use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::{
    V2DeflateSerializer,
    interval_log::{IntervalLogWriterBuilder, Tag},
};

use crate::{
    result::{HistogramError, RunResult},
    sample::Measure,
};

/// The text of the log: one line for each stretch of time and measure, tagged with the measure's name. Microseconds.
///
/// # Errors
/// [`HistogramError`] where the result cannot be read.
pub fn hdr_log(result: &RunResult) -> Result<Vec<u8>, HistogramError> {
    let failed = |error: &dyn std::fmt::Debug| HistogramError::new(format!("{error:?}"));
    let started = humantime::parse_rfc3339(&result.provenance.started_at).unwrap_or(SystemTime::UNIX_EPOCH);
    let (mut text, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
    let mut builder = IntervalLogWriterBuilder::new();
    builder.with_start_time(started).with_base_time(started).with_max_value_divisor(1e6);
    let mut log = builder.begin_log_with(&mut text, &mut serializer).map_err(|error| failed(&error))?;
    for measure in Measure::ALL {
        let tag = Tag::new(measure.name()).ok_or_else(|| failed(&measure.name()))?;
        let length = Duration::from_secs_f64(result.intervals.length_s);
        for (index, stretch) in (0u32..).zip(result.stretches(measure)?) {
            if stretch.count() > 0 {
                log.write_histogram(stretch.histogram(), length * index, length, Some(tag))
                    .map_err(|error| failed(&error))?;
            }
        }
    }
    drop(log);
    Ok(text)
}
