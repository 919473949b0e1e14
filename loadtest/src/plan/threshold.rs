use std::{fmt, str::FromStr, time::Duration};

use crate::sample::Measure;

/// What makes a run fail whatever its audit says: `p99(total)>3s`, `mean(settle)>1500ms`, `rate<50`, `errors>1%`,
/// `not-started>0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// What is looked at.
    pub quantity: Quantity,
    /// In which direction it fails.
    pub comparison: Comparison,
    /// The limit: seconds, calls a second, a share of 1, or a number of calls.
    pub limit: f64,
    text: String,
}

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// A percentile of a measure, in seconds.
    Percentile(f64, Measure),
    /// A measure's mean, in seconds.
    Mean(Measure),
    /// A measure's largest value, in seconds.
    Max(Measure),
    /// Calls served a second.
    Rate,
    /// The share of started calls that were not served.
    Errors,
    /// Calls that the generator did not start.
    NotStarted,
}

/// Which side of the limit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Above it.
    Above,
    /// Below it.
    Below,
}

/// The text is no threshold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: {problem}")]
pub struct ThresholdError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Threshold {
    /// Whether a value fails.
    #[must_use]
    pub fn fails(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::Above => value > self.limit,
            Comparison::Below => value < self.limit,
        }
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let wrong = |problem| ThresholdError { text: text.to_owned(), problem };
        let at = text.find(['>', '<']).ok_or_else(|| wrong("expected > or <, as in p99(total)>3s"))?;
        let comparison = if text[at..].starts_with('>') { Comparison::Above } else { Comparison::Below };
        let quantity = quantity(text[..at].trim()).map_err(wrong)?;
        let limit = limit(quantity, text[at + 1..].trim()).map_err(wrong)?;
        Ok(Self { quantity, comparison, limit, text: text.to_owned() })
    }
}

fn quantity(text: &str) -> Result<Quantity, &'static str> {
    let Some((function, measure)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
        return match text {
            "rate" => Ok(Quantity::Rate),
            "errors" => Ok(Quantity::Errors),
            "not-started" => Ok(Quantity::NotStarted),
            _ => Err("expected pNN(measure), mean(measure), max(measure), rate, errors or not-started"),
        };
    };
    let measure = measure.trim().parse::<Measure>().map_err(|_| Measure::EXPECTED)?;
    match (function.trim(), function.trim().strip_prefix('p')) {
        ("mean", _) => Ok(Quantity::Mean(measure)),
        ("max", _) => Ok(Quantity::Max(measure)),
        (_, Some(percent)) => match percent.parse::<f64>() {
            Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Quantity::Percentile(percent, measure)),
            _ => Err("a percentile is a number from 0 to 100, as in p99.9"),
        },
        _ => Err("expected pNN, mean or max before the measure"),
    }
}

fn limit(quantity: Quantity, text: &str) -> Result<f64, &'static str> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    match quantity {
        Quantity::Percentile(..) | Quantity::Mean(_) | Quantity::Max(_) => {
            let time = humantime::parse_duration(text).map(|time: Duration| time.as_secs_f64());
            time.map_err(|_| "the limit is a time, such as 3s or 250ms")
        }
        Quantity::Errors => {
            let percent = text.strip_suffix('%').and_then(number).map(|percent| percent / 100.0);
            percent.or_else(|| number(text)).ok_or("the limit is a share, such as 1%")
        }
        Quantity::Rate | Quantity::NotStarted => number(text).ok_or("the limit is a number"),
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
