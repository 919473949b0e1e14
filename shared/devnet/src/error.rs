use std::{net::SocketAddr, path::PathBuf};

use alloy_primitives::Bytes;

/// Why a local chain, or a proxy, could not be started or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevnetError {
    /// No anvil beside the sources, and none on `PATH`.
    #[error(
        "anvil is not installed: run `make setup` (`npm ci --omit=dev --ignore-scripts` in deploy/devnet), \
         or set ANVIL to its path"
    )]
    AnvilMissing,

    /// `ANVIL` or [`Options::anvil`](crate::Options::anvil) names a file that is not there.
    #[error("there is no anvil at {}: correct ANVIL, or unset it and run `make setup`", .0.display())]
    NoAnvilAt(PathBuf),

    /// The operating system did not start anvil, or broke the pipe to it.
    #[error("anvil could not be started: {0}")]
    Spawn(#[from] std::io::Error),

    /// Anvil ended by itself, for example because its port is taken. Holds what it wrote to stderr.
    #[error("anvil ended: {0}")]
    Exited(String),

    /// Anvil did not announce its address in time.
    #[error("anvil did not start to serve within {0} s")]
    TooSlow(u64),

    /// What anvil prints at its start does not name the accounts it was asked for, or where it listens.
    #[error("this version of anvil announces itself in an unknown way")]
    Announcement,

    /// The embedded `contracts.json` is not what `build.mjs` writes.
    #[error("the compiled contracts cannot be read: {0}")]
    Contracts(#[source] serde_json::Error),

    /// Anvil answered a request with an error.
    #[error("{method}: {message}")]
    Rpc {
        /// The JSON-RPC method.
        method: String,
        /// The JSON-RPC error code; 3 for a reverted call.
        code: i64,
        /// Anvil's message, with the revert string where there is one.
        message: String,
        /// What a reverted call returned.
        data: Option<Bytes>,
    },

    /// A request was not answered.
    #[error("{method}: no answer")]
    Transport {
        /// The JSON-RPC method.
        method: String,
        /// What went wrong on the connection.
        source: reqwest::Error,
    },

    /// An answer does not have the shape that was asked for.
    #[error("{method}: unexpected answer")]
    Answer {
        /// The JSON-RPC method.
        method: String,
        /// Where the shape differs.
        source: serde_json::Error,
    },

    /// A transaction was mined and failed.
    #[error("a transaction of the chain's set-up failed")]
    Reverted,

    /// A proxy cannot stand before that.
    #[error("`{0}` is not the URL of an HTTP server, such as http://127.0.0.1:8545")]
    Target(String),

    /// A proxy cannot listen at its address.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// Where it should.
        address: SocketAddr,
        /// What the operating system says.
        source: std::io::Error,
    },
}
