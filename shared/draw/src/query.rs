//! The short form of a request: the parameters of a GET, or the flags of a command.
//!
//! | parameters | draw |
//! |---|---|
//! | none | 32 bytes |
//! | `bytes=16` | 16 bytes |
//! | `min=1&max=100&count=5` | five integers; `count` may be left out |
//! | `floats=3` | three floats |
//! | `dice=2d6`, `dice=d20` | two throws of a die with six sides, one with twenty |
//! | `shuffle=52` | 0 to 51 in random order |
//! | `sample=6/49` | six distinct out of 0 to 48 |
//! | `weights=1,2,3&count=5` | five indices from 0 to 2; `count` may be left out |
//! | `passwords=20&count=3` | three passwords of twenty letters and digits; `count` may be left out, `charset` be given |
//! | `uuids=3` | three UUIDs |
//!
//! Any of them may go with `clientSeed`, `label`, `mode=beacon` and `epoch`.

use std::collections::BTreeMap;

use crate::request::{LETTERS_AND_DIGITS, Source, Terms};
use crate::{Draw, DrawRequest, RequestError, decimal};

/// Why parameters are refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// A parameter occurs twice.
    #[error("`{name}` occurs twice")]
    Repeated {
        /// Its name.
        name: String,
    },
    /// A parameter is not known, or does not go with the draw that the others ask for.
    #[error("`{name}` is unknown, or does not go with the other parameters")]
    Unexpected {
        /// Its name.
        name: String,
    },
    /// A parameter is needed by another one.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A parameter has no meaning.
    #[error("`{name}={value}` is not of the form `{name}={form}`")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// An example.
        form: &'static str,
    },
    /// The request that the parameters make is refused.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl DrawRequest {
    /// Makes a request for one draw from parameters: see [`query`](self). Percent-decoding is the caller's.
    ///
    /// # Errors
    /// The parameters ask for no draw, for several, or for one that is refused.
    pub fn from_query<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, QueryError> {
        let mut parameters = Parameters::collect(parameters)?;
        let client_seed = parameters.take("clientSeed").map(str::to_owned);
        let label = parameters.take("label").map(str::to_owned);
        let mode = parameters.read("mode", "beacon", mode)?.unwrap_or_default();
        let epoch = parameters.read("epoch", "20000", decimal::parse)?;
        let draw = parameters.draw()?;
        parameters.finish()?;
        Ok(Self::on(vec![draw], Terms { client_seed, label, mode, epoch })?)
    }

    /// The same from a query as it stands in a URL, without the question mark.
    ///
    /// # Errors
    /// As [`DrawRequest::from_query`].
    pub fn from_query_string(query: &str) -> Result<Self, QueryError> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        Self::from_query(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))
    }
}

/// The parameters not yet understood.
struct Parameters<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Parameters<'a> {
    fn collect(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, QueryError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            if parameters.insert(name, value).is_some() {
                return Err(QueryError::Repeated { name: name.to_owned() });
            }
        }
        Ok(Self(parameters))
    }

    fn take(&mut self, name: &str) -> Option<&'a str> {
        self.0.remove(name)
    }

    /// Takes a parameter and reads it; `form` is an example for the error.
    fn read<T>(
        &mut self,
        name: &'static str,
        form: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, QueryError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let malformed = || QueryError::Malformed { name, value: value.to_owned(), form };
        read(value).map(Some).ok_or_else(malformed)
    }

    /// The first draw that the parameters name; [`Self::finish`] refuses the parameters of a second one.
    fn draw(&mut self) -> Result<Draw, QueryError> {
        if let Some(count) = self.read("bytes", "32", decimal::parse)? {
            return Ok(Draw::Bytes { count });
        }
        if let Some(count) = self.read("floats", "3", decimal::parse)? {
            return Ok(Draw::Floats { count });
        }
        if let Some(count) = self.read("uuids", "3", decimal::parse)? {
            return Ok(Draw::Uuids { count });
        }
        if let Some(length) = self.read("passwords", "20", decimal::parse)? {
            let charset = self.take("charset").unwrap_or(LETTERS_AND_DIGITS).to_owned();
            return Ok(Draw::Passwords { length, charset, count: self.count()? });
        }
        if let Some((count, sides)) = self.read("dice", "2d6", dice)? {
            return Ok(Draw::Dice { count, sides });
        }
        if let Some(n) = self.read("shuffle", "52", decimal::parse)? {
            return Ok(Draw::Shuffle { n });
        }
        if let Some((k, n)) = self.read("sample", "6/49", sample)? {
            return Ok(Draw::Sample { n, k });
        }
        if let Some(weights) = self.read("weights", "1,2,3", weights)? {
            return Ok(Draw::Weighted { weights, count: self.count()? });
        }
        self.integers().map(|integers| integers.unwrap_or(Draw::DEFAULT))
    }

    fn integers(&mut self) -> Result<Option<Draw>, QueryError> {
        let min = self.read("min", "1", decimal::parse)?;
        let max = self.read("max", "100", decimal::parse)?;
        match (min, max) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(QueryError::Missing { name: "min" }),
            (Some(_), None) => Err(QueryError::Missing { name: "max" }),
            (Some(min), Some(max)) => Ok(Some(Draw::Integers { min, max, count: self.count()? })),
        }
    }

    fn count(&mut self) -> Result<u32, QueryError> {
        Ok(self.read("count", "5", decimal::parse)?.unwrap_or(1))
    }

    fn finish(self) -> Result<(), QueryError> {
        match self.0.into_keys().next() {
            Some(name) => Err(QueryError::Unexpected { name: name.to_owned() }),
            None => Ok(()),
        }
    }
}

fn mode(text: &str) -> Option<Source> {
    match text {
        "instant" => Some(Source::Instant),
        "beacon" => Some(Source::Beacon),
        _ => None,
    }
}

fn dice(text: &str) -> Option<(u32, u32)> {
    let (count, sides) = text.split_once('d')?;
    let count = if count.is_empty() { Some(1) } else { decimal::parse(count) };
    Some((count?, decimal::parse(sides)?))
}

fn sample(text: &str) -> Option<(u32, u32)> {
    let (k, n) = text.split_once('/')?;
    Some((decimal::parse(k)?, decimal::parse(n)?))
}

fn weights(text: &str) -> Option<Vec<u64>> {
    text.split(',').map(decimal::parse).collect()
}
