use std::time::Duration;

use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use x402::{Address, B256};

use crate::http::describe;

/// The chain gave no usable answer. No message contains the RPC's URL, which may carry a secret.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChainError {
    /// No connection, or it broke, or an HTTP error came back.
    #[error("the RPC cannot be reached: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("the RPC gave no answer within {0:?}")]
    TimedOut(Duration),
    /// A JSON-RPC error.
    #[error("the RPC answers: {message} (code {code})")]
    Rpc {
        /// The JSON-RPC error code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// An answer that is not what was asked for.
    #[error("the RPC's answer makes no sense: {0}")]
    BadAnswer(String),
    /// The node that answers for state has not reached a block that another node has shown.
    #[error("the RPC answers as of block {head}, before block {needed}")]
    Behind {
        /// The block it answers for.
        head: u64,
        /// The block it should know.
        needed: u64,
    },
    /// A nonce is used, and no log tells by what: the node that answers for logs is behind the one that answers for state.
    #[error("the nonce is used, and the RPC shows no log of it after block {after}")]
    LogMissing {
        /// The block after which the log must be.
        after: u64,
    },
}

/// Why the chain behind an RPC is not to be used.
#[derive(Debug, thiserror::Error)]
pub enum DomainError {
    /// It is not known yet whether the chain is the right one. Worth asking again.
    #[error(transparent)]
    Unreachable(#[from] ChainError),
    /// It is the wrong one. Asking again does not help.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

/// In what a chain differs from the network that it is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Another chain.
    #[error("the RPC serves chain {found}, not {expected}")]
    ChainId {
        /// Ours.
        expected: u64,
        /// The RPC's.
        found: u64,
    },
    /// No contract where USDC or Multicall3 should be.
    #[error("there is no contract at {0}")]
    NoContract(Address),
    /// The token signs in another EIP-712 domain: every signature would be refused.
    #[error("the token's DOMAIN_SEPARATOR() is {found}, not {expected}")]
    Domain {
        /// Ours.
        expected: B256,
        /// The token's.
        found: B256,
    },
}

impl From<TransportError> for ChainError {
    fn from(error: TransportError) -> Self {
        match error {
            RpcError::ErrorResp(payload) => {
                Self::Rpc { code: payload.code, message: payload.message.into_owned() }
            }
            RpcError::Transport(kind) => Self::Unreachable(transport(kind)),
            RpcError::DeserError { err, .. } => Self::BadAnswer(err.to_string()),
            other => Self::BadAnswer(other.to_string()),
        }
    }
}

fn transport(kind: TransportErrorKind) -> String {
    if let Some(http) = kind.as_http_error() {
        return format!("HTTP status {}", http.status);
    }
    match kind {
        TransportErrorKind::Custom(error) => match error.downcast::<reqwest::Error>() {
            Ok(error) => describe(*error),
            Err(other) => other.to_string(),
        },
        other => other.to_string(),
    }
}
