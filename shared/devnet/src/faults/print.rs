//! Writes the notation of [`Faults`].

use std::{fmt, time::Duration};

use super::{Counts, Fault, Faults, Probability, Rule, Scope, When, parse::SEED};

/// A time in whole seconds where it is one, else in milliseconds.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.subsec_nanos() {
            0 => write!(f, "{}s", self.0.as_secs()),
            _ => write!(f, "{}ms", self.0.as_millis()),
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in &self.rules {
            write!(f, "{rule},")?;
        }
        write!(f, "{SEED}={}", self.seed)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, scope, when } = self;
        match scope {
            Scope::Everything => write!(f, "{fault}={when}"),
            Scope::Path(scope) | Scope::Method(scope) => write!(f, "{fault}@{scope}={when}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => f.write_str("drop"),
            Self::DropAfter => f.write_str("drop-after"),
            Self::Delay(time) => write!(f, "delay({})", Time(*time)),
            Self::TooManyRequests { retry_after } => write!(f, "429({retry_after})"),
            Self::BadGateway => f.write_str("502"),
            Self::GatewayTimeout => f.write_str("504"),
            Self::Garbage => f.write_str("garbage"),
            Self::Stale { blocks } => write!(f, "stale({blocks})"),
            Self::Swap { patience } => write!(f, "swap({})", Time(*patience)),
            Self::Twice => f.write_str("twice"),
            Self::Retry => f.write_str("retry"),
            Self::Replay => f.write_str("replay"),
            Self::Gone(time) => write!(f, "gone({})", Time(*time)),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chance(Probability(p)) => write!(f, "{p}"),
            Self::Every(n) => write!(f, "every:{n}"),
            Self::Next(n) => write!(f, "next:{n}"),
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests, {} forwarded", self.requests, self.forwarded)?;
        self.faults.iter().try_for_each(|(fault, count)| write!(f, ", {count} {fault}"))
    }
}
