//! `devnet`: a local Base Sepolia and its faults, for people and scripts.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;
use devnet::DevnetError;

/// EX_USAGE of sysexits: the command line or a setting is wrong.
const USAGE: u8 = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match cli::Cli::try_parse() {
        Ok(cli) => report(cli.run().await),
        Err(error) => {
            // Help and version are no mistake, and go to stdout.
            let code = if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
            error.print().map_or(ExitCode::FAILURE, |()| code)
        }
    }
}

fn report(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    cli::say(format_args!("error: {error:#}"));
    match error.downcast_ref() {
        Some(DevnetError::NoAnvilAt(_) | DevnetError::Target(_)) => ExitCode::from(USAGE),
        _ => ExitCode::FAILURE,
    }
}
