//! `scraper`: page scrapes.

use clap::Parser;
use scraper_service::extract_command::{self, ExtractArgs};

/// Page scrapes.
#[derive(Parser)]
#[command(version)]
enum Command {
    /// The content of a page on stdin, to stdout
    Extract(ExtractArgs),
}

fn main() -> anyhow::Result<()> {
    let Command::Extract(arguments) = Command::parse();
    extract_command::run(&arguments)
}
