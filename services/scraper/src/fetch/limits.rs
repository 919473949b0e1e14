//! How far a stranger's server may go.

use std::time::Duration;

use clap::Args;

/// What one fetch may take, redirects included.
#[derive(Args, Clone, Copy, Debug)]
pub struct FetchLimits {
    /// How long a fetch may take, with all its redirects, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "20000", value_parser = millis)]
    pub fetch_deadline_ms: Duration,
    /// The largest body, as it comes over the wire, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 10 << 20)]
    pub max_body_bytes: usize,
    /// The largest head of an answer, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 10)]
    pub max_head_bytes: usize,
    /// The slowest that a body may come on average, in bytes a second, once the grace is over.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 10)]
    pub min_rate: usize,
    /// How long a body may come as slowly as it likes, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "5000", value_parser = millis)]
    pub rate_grace_ms: Duration,
    /// How often one host is asked, in requests a second.
    #[arg(long, value_name = "RATE", default_value = "5")]
    pub host_rate: std::num::NonZeroU32,
}

/// How many redirects are followed.
pub const MAX_REDIRECTS: usize = 5;

pub(crate) fn millis(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_millis)
}
