//! Reads the notation of [`Faults`].

use std::{str::FromStr, time::Duration};

use super::{Fault, Faults, Probability, Rule, Scope, When};

pub(super) const SEED: &str = "seed";
/// `Retry-After` where a rule does not say.
const RETRY_AFTER: u32 = 1;
/// How long an answer is held back at most where a rule does not say.
const PATIENCE: Duration = Duration::from_secs(1);

/// A text that does not describe faults.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{item}`: {problem}")]
pub struct ParseFaultsError {
    /// The part of the list that is wrong.
    pub item: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with one part of a list of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// No fault has that name.
    #[error(
        "no such fault; there are drop, drop-after, delay, 429, 502, 504, garbage, stale, swap, twice, retry, replay, gone"
    )]
    Fault,
    /// A time is missing or cannot be read.
    #[error("expected a time in parentheses, such as (200ms) or (2s)")]
    Time,
    /// A number is missing or cannot be read.
    #[error("expected a whole number in parentheses, such as (3)")]
    Number,
    /// An argument where none belongs.
    #[error("this fault has no argument")]
    Argument,
    /// What follows `@` is neither.
    #[error("expected a path such as /settle or a JSON-RPC method such as eth_call after @")]
    Scope,
    /// What follows `=` is not a schedule.
    #[error("expected a probability from 0 to 1, every:N or next:N after =")]
    When,
    /// The seed is not a number.
    #[error("expected a whole number up to 2^64 - 1")]
    Seed,
    /// Two seeds.
    #[error("there is one seed")]
    SecondSeed,
}

impl FromStr for Faults {
    type Err = ParseFaultsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut faults = Self::default();
        let mut seed = None;
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let wrong = |problem| ParseFaultsError { item: item.to_owned(), problem };
            match item.split_once('=') {
                Some((SEED, _)) if seed.is_some() => return Err(wrong(Problem::SecondSeed)),
                Some((SEED, value)) => seed = Some(value.parse().map_err(|_| wrong(Problem::Seed))?),
                _ => faults.rules.push(item.parse().map_err(wrong)?),
            }
        }
        faults.seed = seed.unwrap_or_default();
        Ok(faults)
    }
}

impl FromStr for Rule {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (subject, when) = match text.split_once('=') {
            Some((subject, when)) => (subject, when.parse()?),
            None => (text, When::ALWAYS),
        };
        let (fault, scope) = match subject.split_once('@') {
            Some((fault, scope)) => (fault, scope.parse()?),
            None => (subject, Scope::Everything),
        };
        Ok(Self { fault: fault.parse()?, scope, when })
    }
}

impl FromStr for Fault {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, argument) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let bare = |fault| if argument.is_none() { Ok(fault) } else { Err(Problem::Argument) };
        match name {
            "drop" => bare(Self::Drop),
            "drop-after" => bare(Self::DropAfter),
            "delay" => time(argument).map(Self::Delay),
            "429" => {
                let retry_after = argument.map_or(Ok(RETRY_AFTER), |argument| number(Some(argument)))?;
                Ok(Self::TooManyRequests { retry_after })
            }
            "502" => bare(Self::BadGateway),
            "504" => bare(Self::GatewayTimeout),
            "garbage" => bare(Self::Garbage),
            "stale" => Ok(Self::Stale { blocks: number(argument)? }),
            "swap" => {
                let patience = argument.map_or(Ok(PATIENCE), |argument| time(Some(argument)))?;
                Ok(Self::Swap { patience })
            }
            "twice" => bare(Self::Twice),
            "retry" => bare(Self::Retry),
            "replay" => bare(Self::Replay),
            "gone" => time(argument).map(Self::Gone),
            _ => Err(Problem::Fault),
        }
    }
}

impl FromStr for Scope {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_method = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match text {
            "" => Err(Problem::Scope),
            path if path.starts_with('/') => Ok(Self::Path(path.to_owned())),
            method if is_method(method) => Ok(Self::Method(method.to_owned())),
            _ => Err(Problem::Scope),
        }
    }
}

impl FromStr for When {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let when = match text.split_once(':') {
            Some(("every", n)) => n.parse().ok().map(Self::Every),
            Some(("next", n)) => n.parse().ok().map(Self::Next),
            Some(_) => None,
            None => text.parse().ok().and_then(Probability::new).map(Self::Chance),
        };
        when.ok_or(Problem::When)
    }
}

fn number<N: FromStr>(argument: Option<&str>) -> Result<N, Problem> {
    argument.and_then(|argument| argument.parse().ok()).ok_or(Problem::Number)
}

/// A whole number of milliseconds or seconds.
fn time(argument: Option<&str>) -> Result<Duration, Problem> {
    let argument = argument.ok_or(Problem::Time)?;
    let time = match argument.strip_suffix("ms") {
        Some(millis) => millis.parse().map(Duration::from_millis),
        None => argument.strip_suffix('s').ok_or(Problem::Time)?.parse().map(Duration::from_secs),
    };
    time.map_err(|_| Problem::Time)
}
