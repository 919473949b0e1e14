//! How large a request may be, so that serving and verifying one stay cheap.

use std::collections::BTreeSet;

use super::Draw;

/// Most bytes of a request's JSON that are read.
pub const MAX_REQUEST_JSON: usize = 256 * 1024;
/// Most draws in a request.
pub const MAX_DRAWS: usize = 64;
/// Most random bytes over all `bytes` draws of a request.
pub const MAX_BYTES: u64 = 1024 * 1024;
/// Most values over all other draws of a request. A UUID is one value, and so is each character of a password.
pub const MAX_VALUES: u64 = 100_000;
/// Most weights over all `weighted` draws of a request.
pub const MAX_WEIGHTS: usize = 10_000;
/// Most bytes of a client seed, and of a label, in UTF-8.
pub const MAX_TEXT: usize = 128;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The JSON is too long to be read.
    #[error("the request has {size} bytes, at most {MAX_REQUEST_JSON} are read")]
    TooLong {
        /// Bytes of JSON.
        size: usize,
    },
    /// The JSON is not a draw request.
    #[error("not a draw request: {0}")]
    Json(#[from] serde_json::Error),
    /// There is nothing to draw.
    #[error("a request has at least one draw")]
    NoDraws,
    /// Over [`MAX_DRAWS`].
    #[error("the request has {count} draws, at most {MAX_DRAWS} are made")]
    TooManyDraws {
        /// Draws asked for.
        count: usize,
    },
    /// Over [`MAX_BYTES`].
    #[error("the request asks for {count} bytes, at most {MAX_BYTES} are drawn")]
    TooManyBytes {
        /// Bytes asked for.
        count: u64,
    },
    /// Over [`MAX_VALUES`].
    #[error("the request asks for {count} values, at most {MAX_VALUES} are drawn")]
    TooManyValues {
        /// Values asked for.
        count: u64,
    },
    /// Over [`MAX_WEIGHTS`].
    #[error("the request has {count} weights, at most {MAX_WEIGHTS} are read")]
    TooManyWeights {
        /// Weights given.
        count: usize,
    },
    /// A seed or label is empty or over [`MAX_TEXT`].
    #[error("{member} has {size} bytes, it may have 1 to {MAX_TEXT}, or be left out")]
    TextLength {
        /// `clientSeed` or `label`.
        member: &'static str,
        /// Its bytes.
        size: usize,
    },
    /// One draw cannot be made.
    #[error("draw {index}: {source}")]
    Draw {
        /// Which one, counted from 0.
        index: usize,
        /// Why.
        source: DrawError,
    },
}

/// Why a draw cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// Nothing is asked for.
    #[error("at least one value has to be drawn")]
    Nothing,
    /// No integer lies in the range.
    #[error("min {min} is above max {max}")]
    EmptyRange {
        /// Lower end.
        min: u64,
        /// Upper end.
        max: u64,
    },
    /// A die without sides.
    #[error("a die has at least one side")]
    NoSides,
    /// More distinct values are asked for than there are.
    #[error("{k} distinct values cannot be drawn from {n}")]
    SampleTooLarge {
        /// How many to draw.
        k: u32,
        /// How many to draw from.
        n: u32,
    },
    /// The characters of a password are not two or more different ones of printable ASCII.
    #[error("a charset is two or more characters of printable ASCII, none twice")]
    Charset,
    /// The sum of the weights is not from 1 to 2^64 - 1.
    #[error("the sum of the weights is not from 1 to 2^64 - 1")]
    SumOfWeights,
}

pub(super) fn check_text(member: &'static str, text: Option<&str>) -> Result<(), RequestError> {
    match text.map(str::len) {
        Some(size) if size == 0 || size > MAX_TEXT => Err(RequestError::TextLength { member, size }),
        _ => Ok(()),
    }
}

pub(super) fn check_draws(draws: &[Draw]) -> Result<(), RequestError> {
    if draws.is_empty() {
        return Err(RequestError::NoDraws);
    }
    if draws.len() > MAX_DRAWS {
        return Err(RequestError::TooManyDraws { count: draws.len() });
    }
    check_totals(draws)?;
    draws
        .iter()
        .enumerate()
        .try_for_each(|(index, draw)| check_draw(draw).map_err(|source| RequestError::Draw { index, source }))
}

/// Every count is a `u32` and there are few draws, so the sums of bytes and weights do not overflow.
fn check_totals(draws: &[Draw]) -> Result<(), RequestError> {
    let (mut bytes, mut values, mut weights) = (0, 0, 0);
    for draw in draws {
        match draw {
            Draw::Bytes { count } => bytes += u64::from(*count),
            Draw::Weighted { weights: list, .. } => weights += list.len(),
            _ => {}
        }
        values = u64::saturating_add(values, values_of(draw));
    }
    if bytes > MAX_BYTES {
        return Err(RequestError::TooManyBytes { count: bytes });
    }
    if values > MAX_VALUES {
        return Err(RequestError::TooManyValues { count: values });
    }
    if weights > MAX_WEIGHTS {
        return Err(RequestError::TooManyWeights { count: weights });
    }
    Ok(())
}

pub(super) fn values_of(draw: &Draw) -> u64 {
    match draw {
        Draw::Bytes { .. } => 0,
        Draw::Shuffle { n } => (*n).into(),
        Draw::Sample { k, .. } => (*k).into(),
        Draw::Integers { count, .. }
        | Draw::Floats { count }
        | Draw::Dice { count, .. }
        | Draw::Weighted { count, .. }
        | Draw::Uuids { count } => (*count).into(),
        Draw::Passwords { length, count, .. } => u64::from(*length) * u64::from(*count),
    }
}

fn check_draw(draw: &Draw) -> Result<(), DrawError> {
    match *draw {
        Draw::Bytes { count: 0 } => Err(DrawError::Nothing),
        Draw::Bytes { .. } => Ok(()),
        _ if values_of(draw) == 0 => Err(DrawError::Nothing),
        Draw::Integers { min, max, .. } if min > max => Err(DrawError::EmptyRange { min, max }),
        Draw::Dice { sides: 0, .. } => Err(DrawError::NoSides),
        Draw::Sample { n, k } if k > n => Err(DrawError::SampleTooLarge { k, n }),
        Draw::Weighted { ref weights, .. } => check_weights(weights),
        Draw::Passwords { ref charset, .. } => check_charset(charset),
        _ => Ok(()),
    }
}

fn check_charset(charset: &str) -> Result<(), DrawError> {
    let different: BTreeSet<u8> = charset.bytes().collect();
    let printable = different.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if printable && different.len() == charset.len() && charset.len() >= 2 {
        Ok(())
    } else {
        Err(DrawError::Charset)
    }
}

fn check_weights(weights: &[u64]) -> Result<(), DrawError> {
    let sum = weights.iter().try_fold(0_u64, |sum, weight| sum.checked_add(*weight));
    match sum {
        None | Some(0) => Err(DrawError::SumOfWeights),
        Some(_) => Ok(()),
    }
}
