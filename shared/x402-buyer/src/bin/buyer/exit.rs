//! How the program ends. The codes are those of sysexits.h.

use std::{fmt, process::ExitCode};

use x402_buyer::{
    ChainError, LedgerError, ReconcileError, RequestError, SendError, WalletError, budget::BudgetFileError,
    channel::ChannelError,
};

use crate::output;

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
   0  done
  64  wrong usage or settings
  65  a receipt does not hold
  66  the page is not content; the seller charges nothing for it
  69  seller or RPC node unavailable, or the seller refused
  74  ledger or file cannot be read or written
  75  outcome of a payment unknown; nothing is paid twice: `buyer resume`
  76  the seller's offer is malformed or fits no policy; nothing was paid
  77  a price limit or budget forbids it; nothing was signed

Logs go to stderr; BUYER_LOG=info shows more of them.";

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Usage = 64,
    NotVerified = 65,
    NotContent = 66,
    Unavailable = 69,
    Software = 70,
    Io = 74,
    Unknown = 75,
    Protocol = 76,
    Refused = 77,
}

/// A mistake in flags, environment or settings.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::error::Error for Usage {}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Help and version are asked for; anything else is wrong usage.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Where even the message cannot be written, the code is all there is.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

/// Says what went wrong, once, and gives the code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    output::note(format_args!("buyer: {error:#}"));
    code(error).into()
}

fn code(error: &anyhow::Error) -> Exit {
    if let Some(error) = error.downcast_ref::<SendError>() {
        return of_call(error);
    }
    if let Some(error) = error.downcast_ref::<ChannelError>() {
        return of_channel(error);
    }
    let usage = error.is::<Usage>()
        || error.is::<WalletError>()
        || error.is::<BudgetFileError>()
        || error.is::<RequestError>()
        || error.is::<draw::QueryError>();
    match error {
        _ if usage => Exit::Usage,
        _ if error.is::<ChainError>() => Exit::Unavailable,
        _ if error.is::<LedgerError>() || error.is::<std::io::Error>() => Exit::Io,
        _ => match error.downcast_ref::<ReconcileError>() {
            Some(ReconcileError::Chain(_)) => Exit::Unavailable,
            Some(ReconcileError::Ledger(_)) => Exit::Io,
            None => Exit::Software,
        },
    }
}

fn of_channel(error: &ChannelError) -> Exit {
    match error {
        ChannelError::UnknownBudget(_) | ChannelError::NoSuchChannel(_) | ChannelError::NothingLeft(_) => {
            Exit::Usage
        }
        ChannelError::Chain(ChainError::Waiting(_)) => Exit::Unknown,
        ChannelError::Unreachable(_) | ChannelError::Refused { .. } | ChannelError::Chain(_) => {
            Exit::Unavailable
        }
        ChannelError::Ledger(_) => Exit::Io,
        ChannelError::Unresolved { .. } => Exit::Unknown,
        ChannelError::Budget(_) | ChannelError::Withdrawing(_) => Exit::Refused,
        ChannelError::NoOffer(none) if none.is_price() => Exit::Refused,
        ChannelError::NotForSale(_)
        | ChannelError::Challenge(_)
        | ChannelError::NoOffer(_)
        | ChannelError::Dishonest { .. } => Exit::Protocol,
        ChannelError::Sign(_) | ChannelError::Encode(_) => Exit::Software,
    }
}

fn of_call(error: &SendError) -> Exit {
    match error {
        SendError::UnknownBudget(_) | SendError::NoSuchPayment(_) => Exit::Usage,
        SendError::Unreachable(_) | SendError::Refused(_) | SendError::Dead(_) => Exit::Unavailable,
        SendError::Ledger(_) => Exit::Io,
        SendError::Unresolved(_) => Exit::Unknown,
        SendError::Budget(_) => Exit::Refused,
        SendError::NoOffer(none) if none.is_price() => Exit::Refused,
        SendError::Redirected { .. } | SendError::Challenge(_) | SendError::NoOffer(_) => Exit::Protocol,
        SendError::Sign(_) => Exit::Software,
    }
}
