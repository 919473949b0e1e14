//! What a draw yields.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{decimal, hex_bytes};

mod uuid;

pub use uuid::Uuid;

/// The values of one draw, in JSON as `{"op": "dice", "result": [3, 5]}`.
///
/// Integers, which may go up to 2^64 - 1, are decimal strings; faces and indices stay below 2^32 and are JSON numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", content = "result", rename_all = "lowercase", deny_unknown_fields)]
pub enum Values {
    /// Bytes, as `0x` and hex.
    Bytes(
        #[serde(with = "hex_bytes::any_length")]
        #[schemars(with = "String", regex(pattern = "^0x([0-9a-f]{2})*$"))]
        Vec<u8>,
    ),
    /// Integers, as decimal strings.
    Integers(
        #[serde(with = "decimal::list")]
        #[schemars(with = "Vec<String>")]
        Vec<u64>,
    ),
    /// Multiples of 2^-53 in [0, 1). Doubles hold them exactly, and the JSON number is the shortest that reads back.
    Floats(Vec<f64>),
    /// Faces, counted from 1.
    Dice(Vec<u32>),
    /// A permutation of 0 to n - 1.
    Shuffle(Vec<u32>),
    /// Distinct numbers below n, in the order drawn.
    Sample(Vec<u32>),
    /// Indices into the weights.
    Weighted(Vec<usize>),
    /// Passwords.
    Passwords(Vec<String>),
    /// UUIDs, in lower case with hyphens.
    Uuids(Vec<Uuid>),
}

impl Values {
    /// The operation, as in a request.
    pub fn op(&self) -> &'static str {
        match self {
            Self::Bytes(_) => "bytes",
            Self::Integers(_) => "integers",
            Self::Floats(_) => "floats",
            Self::Dice(_) => "dice",
            Self::Shuffle(_) => "shuffle",
            Self::Sample(_) => "sample",
            Self::Weighted(_) => "weighted",
            Self::Passwords(_) => "passwords",
            Self::Uuids(_) => "uuids",
        }
    }

    /// Each value as text, for people. All bytes are one value, in hex.
    pub fn texts(&self) -> Vec<String> {
        fn texts<T: ToString>(values: &[T]) -> Vec<String> {
            values.iter().map(T::to_string).collect()
        }
        match self {
            Self::Bytes(bytes) => vec![hex_bytes::format(bytes)],
            Self::Integers(values) => texts(values),
            Self::Floats(values) => texts(values),
            Self::Dice(values) | Self::Shuffle(values) | Self::Sample(values) => texts(values),
            Self::Weighted(values) => texts(values),
            Self::Passwords(values) => values.clone(),
            Self::Uuids(values) => texts(values),
        }
    }
}
