//! `loadtest`: load on paid HTTP calls, and an audit of the money.

mod cli;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::main().await
}
