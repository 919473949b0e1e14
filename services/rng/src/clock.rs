//! The time, in seconds since the Unix epoch, and the day, which is the epoch of the keys.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

pub(crate) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Days since 1970-01-01 UTC.
pub(crate) fn day(seconds: u64) -> u32 {
    u32::try_from(seconds / SECONDS_PER_DAY).unwrap_or(u32::MAX)
}
