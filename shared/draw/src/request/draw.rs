use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decimal;

const DEFAULT_BYTES: u32 = 32;
pub(crate) const LETTERS_AND_DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// One operation. Integers are read as JSON integers or decimal strings, and are decimal strings in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum Draw {
    /// Random bytes.
    Bytes {
        /// How many.
        #[serde(default = "default_bytes", with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        count: u32,
    },
    /// Integers in a range, each as likely as the others.
    Integers {
        /// The least possible value.
        #[serde(with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        min: u64,
        /// The greatest possible value.
        #[serde(with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        max: u64,
        /// How many.
        #[serde(default = "one", with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        count: u32,
    },
    /// Multiples of 2^-53 from 0 up to but not including 1.
    Floats {
        /// How many.
        #[serde(default = "one", with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        count: u32,
    },
    /// Throws of a die.
    Dice {
        /// How many.
        #[serde(default = "one", with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        count: u32,
        /// Sides of the die, which are numbered from 1.
        #[serde(with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        sides: u32,
    },
    /// The numbers from 0 to n - 1 in random order.
    Shuffle {
        /// How many numbers.
        #[serde(with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        n: u32,
    },
    /// k distinct numbers out of 0 to n - 1, in the order drawn.
    Sample {
        /// How many to draw from.
        #[serde(with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        n: u32,
        /// How many to draw.
        #[serde(with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        k: u32,
    },
    /// Indices into a list of weights, each as likely as its weight; an index may be drawn again.
    Weighted {
        /// The weights. Their sum is from 1 to 2^64 - 1.
        #[serde(with = "decimal::list")]
        #[schemars(with = "Vec<decimal::Decimal>")]
        weights: Vec<u64>,
        /// How many.
        #[serde(default = "one", with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        count: u32,
    },
    /// Passwords: characters out of a set, each as likely as the others.
    Passwords {
        /// Characters of one password.
        #[serde(with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        length: u32,
        /// The characters to draw from, printable ASCII, none twice. Letters and digits unless given.
        #[serde(default = "letters_and_digits")]
        charset: String,
        /// How many.
        #[serde(default = "one", with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        count: u32,
    },
    /// Random UUIDs, version 4.
    Uuids {
        /// How many.
        #[serde(default = "one", with = "decimal")]
        #[schemars(with = "decimal::Decimal")]
        count: u32,
    },
}

impl Draw {
    /// The draw of a request that names none: 32 bytes.
    pub const DEFAULT: Self = Self::Bytes { count: DEFAULT_BYTES };
}

fn default_bytes() -> u32 {
    DEFAULT_BYTES
}

fn letters_and_digits() -> String {
    LETTERS_AND_DIGITS.to_owned()
}

fn one() -> u32 {
    1
}
