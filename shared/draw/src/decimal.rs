//! Unsigned integers in JSON: read as an integer or a decimal string, always written as a decimal string.
//!
//! JSON numbers are doubles to many readers and to RFC 8785, where 2^64 - 1 and 2^64 would be one number.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serializer};

/// Reads the one decimal spelling of an integer: digits only, no sign, no leading zero.
pub(crate) fn parse<T: TryFrom<u64>>(text: &str) -> Option<T> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let value = (canonical && digits).then(|| text.parse::<u64>().ok())??;
    T::try_from(value).ok()
}

pub(crate) fn serialize<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let Decimal(value) = Decimal::deserialize(deserializer)?;
    T::try_from(value).map_err(|_| D::Error::custom(format_args!("{value} is too large here")))
}

/// The same for lists.
pub(crate) mod list {
    use super::{Decimal, Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(values: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(u64::to_string))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
        let values = Vec::<Decimal>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|Decimal(value)| value).collect())
    }
}

/// The same for members that may be absent.
pub(crate) mod optional {
    use super::{Deserializer, Serializer, fmt};

    pub(crate) fn serialize<S, T>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: Serializer,
        T: fmt::Display,
    {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: TryFrom<u64>,
    {
        super::deserialize(deserializer).map(Some)
    }
}

/// An integer as this module reads it.
pub(crate) struct Decimal(u64);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DecimalVisitor)
    }
}

struct DecimalVisitor;

impl Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer from 0 to 2^64 - 1, as a JSON integer or a decimal string")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Decimal, E> {
        Ok(Decimal(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
        let invalid = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        parse(text).map(Decimal).ok_or_else(invalid)
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$" },
            ],
        })
    }

    fn inline_schema() -> bool {
        true
    }
}
