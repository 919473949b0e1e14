//! Byte strings as `0x` and hex digits: the one spelling of binary data in requests and receipts.
//!
//! Written in lower case; read in either case, since addresses are often written with the mixed case of EIP-55. Use
//! it on a field with `#[serde(with = "hex_bytes")]`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Why a text is not the expected byte string.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HexError {
    /// The text does not start with `0x`.
    #[error("hex starts with 0x")]
    NoPrefix,
    /// What follows `0x` is not hex, or is of another length.
    #[error(transparent)]
    Digits(#[from] hex::FromHexError),
}

/// Writes bytes as `0x` and lower-case hex.
pub fn format(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// Reads exactly `N` bytes.
///
/// # Errors
/// The prefix is missing, a character is no hex digit, or there are not `2 * N` of them.
pub fn parse<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits(text)?, &mut bytes)?;
    Ok(bytes)
}

fn digits(text: &str) -> Result<&str, HexError> {
    text.strip_prefix("0x").ok_or(HexError::NoPrefix)
}

/// For `#[serde(with)]`: see the module.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(bytes: impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(bytes.as_ref()))
}

/// For `#[serde(with)]`: see the module.
///
/// # Errors
/// Those of [`parse`] and of the deserializer.
pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(D::Error::custom)
}

/// The same for lists of byte strings of one length.
pub(crate) mod list {
    use super::{Deserialize, Deserializer, Serializer, format, parse};
    use serde::de::Error as _;

    pub(crate) fn serialize<S: Serializer, const N: usize>(
        list: &[[u8; N]],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|bytes| format(bytes)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<Vec<[u8; N]>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| parse(text).map_err(D::Error::custom)).collect()
    }
}

/// The same for byte strings of any length.
pub(crate) mod any_length {
    pub(crate) use super::serialize;
    use super::{Deserialize, Deserializer, HexError, digits};
    use serde::de::Error as _;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map_err(D::Error::custom)
    }

    fn parse(text: &str) -> Result<Vec<u8>, HexError> {
        Ok(hex::decode(digits(text)?)?)
    }
}
