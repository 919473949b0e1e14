use std::{fmt, path::PathBuf, str::FromStr};

/// How a local chain is started. The default suits a test: a free port and a block per transaction.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The port on 127.0.0.1; a free one if `None`.
    pub port: Option<u16>,
    /// When blocks are made.
    pub block_time: BlockTime,
    /// The anvil executable. If `None`: the environment variable `ANVIL`, else the one that `make setup` installed,
    /// else the one on `PATH`.
    pub anvil: Option<PathBuf>,
    /// When the chain's clock starts, in seconds since the Unix epoch; now if `None`. It goes on from there.
    pub starts_at: Option<u64>,
}

/// When the chain makes a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BlockTime {
    /// At once for every transaction, and an empty one every five seconds, so that an idle chain's clock goes on.
    #[default]
    Auto,
    /// Every so many seconds; 0 counts as 1. Base's own is 2.
    Seconds(u64),
}

/// The text is neither `auto` nor a positive number of seconds.
#[derive(Debug, thiserror::Error)]
#[error("expected `auto` or a number of seconds from 1 up")]
pub struct ParseBlockTimeError;

impl FromStr for BlockTime {
    type Err = ParseBlockTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(0)) | (_, Err(_)) => Err(ParseBlockTimeError),
            (_, Ok(seconds)) => Ok(Self::Seconds(seconds)),
        }
    }
}

impl fmt::Display for BlockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Seconds(seconds) => write!(f, "{seconds}"),
        }
    }
}
