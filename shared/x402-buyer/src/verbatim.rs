use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;

/// A protocol object together with the JSON it was written in. What is repeated to a seller is repeated to the letter: stock
/// sellers compare JSON, where the letter case of an address or an unknown member makes a difference.
#[derive(Clone, Debug)]
pub struct Verbatim<T> {
    value: T,
    json: Value,
}

impl<T: DeserializeOwned> Verbatim<T> {
    /// Reads the object.
    ///
    /// # Errors
    /// The JSON error, when it is of another shape.
    pub fn read(json: Value) -> Result<Self, serde_json::Error> {
        Ok(Self { value: T::deserialize(&json)?, json })
    }
}

impl<T: Serialize> Verbatim<T> {
    /// An object that nobody wrote before.
    ///
    /// # Errors
    /// The JSON error, when it does not serialize.
    pub fn write(value: T) -> Result<Self, serde_json::Error> {
        Ok(Self { json: serde_json::to_value(&value)?, value })
    }
}

impl<T> Deref for Verbatim<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// By value: the spelling does not count.
impl<T: PartialEq> PartialEq for Verbatim<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> Serialize for Verbatim<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Verbatim<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
