use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount of USDC in atomic units: one unit is a millionth of a dollar.
///
/// On the wire it is a decimal string of atomic units (`"10000"` is one cent). Display and parsing for people use
/// dollars (`0.01`), which is why there is no `FromStr` for the wire form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usdc(u64);

/// Why a text is not an amount of USDC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a plain decimal number.
    #[error("not a decimal number")]
    NotDecimal,
    /// More than six digits behind the point: USDC has no smaller unit.
    #[error("USDC has six decimals, no more")]
    TooPrecise,
    /// Above 2^64 - 1 atomic units.
    #[error("the amount is too large")]
    TooLarge,
}

impl Usdc {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Digits behind the decimal point.
    pub const DECIMALS: u32 = 6;
    const DOLLAR: u64 = 10u64.pow(Self::DECIMALS);

    /// An amount from its atomic units.
    #[must_use]
    pub const fn from_atomic(units: u64) -> Self {
        Self(units)
    }

    /// The amount in atomic units.
    #[must_use]
    pub const fn atomic(self) -> u64 {
        self.0
    }

    /// `self + other`, or `None` past 2^64 - 1 units.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `self - other`, or `None` below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// `self * times`, or `None` past 2^64 - 1 units.
    #[must_use]
    pub fn checked_mul(self, times: u64) -> Option<Self> {
        self.0.checked_mul(times).map(Self)
    }

    /// Parses atomic units, the wire form: ASCII digits only, without sign or leading zeros.
    ///
    /// # Errors
    /// [`AmountError`] when the text has another form or does not fit.
    pub fn parse_atomic(text: &str) -> Result<Self, AmountError> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || (text.len() > 1 && text.starts_with('0')) {
            return Err(AmountError::NotDecimal);
        }
        text.parse().map(Self).map_err(|_| AmountError::TooLarge)
    }
}

/// Parses dollars: `0.001` or `$0.001` is a thousand atomic units.
impl FromStr for Usdc {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let text = text.strip_prefix('$').unwrap_or(text);
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(AmountError::NotDecimal);
        }
        if fraction.len() > Self::DECIMALS as usize {
            return Err(AmountError::TooPrecise);
        }
        let dollars: u64 = whole.parse().map_err(|_| AmountError::TooLarge)?;
        let rest: u64 = format!("{fraction:0<6}").parse().map_err(|_| AmountError::NotDecimal)?;
        let units = dollars.checked_mul(Self::DOLLAR).and_then(|units| units.checked_add(rest));
        units.map(Self).ok_or(AmountError::TooLarge)
    }
}

/// Dollars without trailing zeros, at least two decimals: `$0.001`, `$1.00`.
impl fmt::Display for Usdc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:06}", self.0 % Self::DOLLAR);
        let kept = fraction.trim_end_matches('0').len().max(2);
        write!(f, "${}.{}", self.0 / Self::DOLLAR, &fraction[..kept])
    }
}

impl Serialize for Usdc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Usdc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_atomic(&text).map_err(de::Error::custom)
    }
}
