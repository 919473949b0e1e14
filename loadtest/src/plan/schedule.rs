use std::{fmt, str::FromStr, time::Duration};

/// Intended start times: stage after stage, each of a rate that stays or changes evenly.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    stages: Vec<Stage>,
}

/// A stretch of a schedule: `50:30s` is fifty calls a second for half a minute, `10..100:1m` a ramp.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    from: f64,
    to: f64,
    duration: Duration,
}

/// The text is no stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// Of another form.
    #[error("expected RATE:DURATION or RATE..RATE:DURATION, such as 50:30s or 10..100:1m")]
    Form,
    /// A rate that cannot be kept, or none at all.
    #[error(
        "a stage's rate is a number of calls a second, above 0 and up to 1,000,000, and it lasts a while"
    )]
    Range,
}

const FASTEST: f64 = 1e6;

impl Stage {
    /// A rate that changes evenly from one number of calls a second to another.
    ///
    /// # Errors
    /// [`StageError::Range`] where a rate is negative, both are zero, or no time passes.
    pub fn new(from: f64, to: f64, duration: Duration) -> Result<Self, StageError> {
        let sane = |rate: f64| (0.0..=FASTEST).contains(&rate);
        if !sane(from) || !sane(to) || from + to <= 0.0 || duration.is_zero() {
            return Err(StageError::Range);
        }
        Ok(Self { from, to, duration })
    }

    /// How many calls it has, as a real number.
    fn area(&self) -> f64 {
        f64::midpoint(self.from, self.to) * self.duration.as_secs_f64()
    }

    /// When so much of it is due: the inverse of `from t + (to - from) t^2 / 2d`.
    fn time_of(&self, count: f64) -> f64 {
        if count <= 0.0 {
            return 0.0;
        }
        let slope = (self.to - self.from) / self.duration.as_secs_f64();
        // The form without cancellation, which a steady rate needs too.
        let root = (self.from * self.from + 2.0 * slope * count).max(0.0).sqrt();
        2.0 * count / (self.from + root)
    }
}

impl Schedule {
    /// One stage after the other.
    #[must_use]
    pub fn new(stages: Vec<Stage>) -> Self {
        Self { stages }
    }

    /// A steady rate, in calls a second.
    ///
    /// # Errors
    /// As [`Stage::new`].
    pub fn steady(rate: f64, duration: Duration) -> Result<Self, StageError> {
        Ok(Self::new(vec![Stage::new(rate, rate, duration)?]))
    }

    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).sum()
    }

    /// How many calls it has.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of calls, far below 2^53"
    )]
    pub fn calls(&self) -> u64 {
        // A rate of 0.1 for 10 s is one call, whatever a sum of doubles says.
        (self.stages.iter().map(Stage::area).sum::<f64>() - 1e-6).ceil().max(0.0) as u64
    }

    /// When each call is to start, counted from the beginning.
    pub fn starts(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let mut stages = self.stages.clone().into_iter().peekable();
        let (mut before, mut elapsed) = (0.0, Duration::ZERO);
        (0..self.calls()).map_while(move |index| {
            #[expect(clippy::cast_precision_loss, reason = "a count of calls, far below 2^53")]
            let due = index as f64;
            while stages.peek()?.area() + before <= due - 1e-6 {
                let stage = stages.next()?;
                before += stage.area();
                elapsed += stage.duration;
            }
            Some(elapsed + Duration::from_secs_f64(stages.peek()?.time_of((due - before).max(0.0))))
        })
    }
}

impl FromStr for Stage {
    type Err = StageError;

    fn from_str(text: &str) -> Result<Self, StageError> {
        let (rates, duration) = text.split_once(':').ok_or(StageError::Form)?;
        let (from, to) = rates.split_once("..").unwrap_or((rates, rates));
        let rate = |text: &str| text.trim().parse::<f64>().map_err(|_| StageError::Form);
        let duration = humantime::parse_duration(duration.trim()).map_err(|_| StageError::Form)?;
        Self::new(rate(from)?, rate(to)?, duration)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, duration } = self;
        let duration = humantime::format_duration(*duration);
        if (from - to).abs() < f64::EPSILON {
            write!(f, "{from} calls/s for {duration}")
        } else {
            write!(f, "{from} to {to} calls/s in {duration}")
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, stage) in self.stages.iter().enumerate() {
            write!(f, "{}{stage}", if index == 0 { "" } else { ", then " })?;
        }
        Ok(())
    }
}
