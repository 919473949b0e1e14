//! `scraper`: page scrapes.

use std::io::{Read, Write};

use clap::Parser;
use scraper_service::extract::{Dom, Limits};

/// Page scrapes.
#[derive(Parser)]
enum Command {
    /// The visible text of the page on stdin, to stdout
    Extract,
}

fn main() -> anyhow::Result<()> {
    let Command::Extract = Command::parse();
    let mut html = String::new();
    std::io::stdin().read_to_string(&mut html)?;
    let dom = Dom::parse(&html, &Limits::default())?;
    Ok(std::io::stdout().write_all(dom.visible_text().as_bytes())?)
}
