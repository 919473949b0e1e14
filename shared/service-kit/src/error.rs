use std::{error::Error, fmt::Write as _};

/// Why a service does not start, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The operator must change something. The process exits with 64, `EX_USAGE` of sysexits.
    #[error("{message}")]
    Config {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The surroundings failed: a port is taken, a disk is full. The process exits with 1.
    #[error("{doing}")]
    Failed {
        /// What was being done, as in "binding the listener".
        doing: String,
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StartError {
    /// An error that the operator must mend, with the way to do so.
    pub fn config(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Config { message: message.into(), hint: hint.into() }
    }

    /// A failure of the surroundings, for `map_err`.
    pub fn failed<E: Into<Box<dyn Error + Send + Sync>>>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        let doing = doing.into();
        move |error| Self::Failed { doing, source: error.into() }
    }

    /// The status that the process ends with.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Config { .. } => EX_USAGE,
            Self::Failed { .. } => 1,
        }
    }

    /// The error and its causes in one line, and the hint, if there is one, in another.
    pub(crate) fn report(&self) -> String {
        let causes = std::iter::successors(self.source(), |&cause| cause.source());
        let mut report = causes.fold(format!("error: {self}"), |text, cause| format!("{text}: {cause}"));
        if let Self::Config { hint, .. } = self {
            // Writing to a string cannot fail.
            let _ = write!(report, "\n  hint: {hint}");
        }
        report
    }
}

/// "Command line usage error" of sysexits(3).
pub(crate) const EX_USAGE: u8 = 64;
