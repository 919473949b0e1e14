//! What things cost, ours beside a peer's, measured in one run on one machine, a section at a time.
//!
//! To add a section: a module here with `async fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>>`; its variant and arm in
//! `section.rs`; and in BENCHMARKS.md the two lines `<!-- bench NAME -->` and `<!-- end -->`, between which its tables are written.
//! `Market` starts a chain and sellers, `Bench::program` finds a program of ours, which `make bench` builds for release.
//!
//! Whatever is compared is measured in turns, several rounds of it, and the ratio is taken within each round: what disturbs a
//! round disturbs both. Prints Markdown; sections that are not measured keep their figures in the files.

mod channels;
mod data;
mod draws;
mod harness;
mod loads;
mod markdown;
mod payments;
mod personas;
mod scrapes;
mod section;
mod sellers;
mod service;
mod stats;
mod unpaid;
mod verification;

use std::{io::Write, path::PathBuf};

use clap::{Parser, ValueEnum};

use crate::{
    data::{Data, Measured},
    section::{Bench, Section},
};

/// Measure ours beside stock implementations
#[derive(Parser)]
struct Args {
    /// Measure these alone
    #[arg(long = "section", value_enum, value_delimiter = ' ')]
    sections: Vec<Section>,
    /// How many rounds of everything
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Keep the figures of every section in this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the tables of every section into this text
    #[arg(long, value_name = "FILE", requires = "json")]
    markdown: Option<PathBuf>,
    /// Measure nothing, only write the text
    #[arg(long, requires = "markdown")]
    render: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut data = Data::read(args.json.as_deref())?;
    let wanted = |section: &Section| args.sections.is_empty() || args.sections.contains(section);
    for section in Section::value_variants().iter().filter(|section| wanted(section) && !args.render) {
        writeln!(std::io::stderr().lock(), "measuring {section} ...")?;
        let mut measured = Measured::begin(args.rounds);
        measured.tables = section.measure(&Bench { rounds: args.rounds }).await?;
        writeln!(std::io::stdout().lock(), "{}", markdown::section(&section.to_string(), &measured))?;
        data.sections.insert(section.to_string(), measured);
        // After each one: what a later one fails at loses nothing.
        data.write(args.json.as_deref())?;
    }
    args.markdown.as_deref().map_or(Ok(()), |path| markdown::fill(path, &data))
}
