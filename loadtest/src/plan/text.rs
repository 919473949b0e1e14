//! Values that a plan's file writes as the command line does.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de};

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Integer(i64),
    Float(f64),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
        }
    }
}

/// A value of the command line's form.
pub(crate) fn option<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    let text = Option::<Scalar>::deserialize(deserializer)?;
    text.map(|text| text.to_string().parse().map_err(de::Error::custom)).transpose()
}

/// A list of values of the command line's form.
pub(crate) fn list<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(de::Error::custom)).collect()
}

/// A variant of an enumeration that the command line knows.
pub(crate) fn variant<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: clap::ValueEnum,
    D: Deserializer<'de>,
{
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| T::from_str(&text, false).map_err(|_| unknown::<T, D::Error>(&text))).transpose()
}

fn unknown<T: clap::ValueEnum, E: de::Error>(text: &str) -> E {
    let known: Vec<_> = T::value_variants()
        .iter()
        .filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()))
        .collect();
    E::custom(format!("`{text}` is none of {}", known.join(", ")))
}

/// A length of time: `500ms`, `2m`, `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_duration(text).map(Self)
    }
}
