//! Extraction, ours beside other crates', on the same pages in one run: word F1 against reviewed text, overall and by type of
//! page, the snippets that must and must not be there, and the time a page takes on one core. Prints Markdown.

// Ours as it is in the service, without building the service around it.
#[allow(dead_code, unused_imports, unreachable_pub, reason = "the bench uses one function of it")]
#[path = "../../../../services/scraper/src/extract/mod.rs"]
mod extract;
mod pages;
mod report;
mod score;
mod tools;

use std::path::PathBuf;

use clap::Parser;

/// Measure extraction on pages with known content
#[derive(Parser)]
struct Args {
    /// A folder with html/ID.html.gz and ground-truth/ID.json
    #[arg(long)]
    pages: PathBuf,
    /// How often each page is timed; the fastest counts
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Also print ours page by page, the worst first
    #[arg(long)]
    each: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let pages = pages::read(&args.pages)?;
    let runs: Vec<tools::Run> = tools::ALL.iter().map(|tool| tools::run(tool, &pages, args.rounds)).collect();
    report::print(&pages, &runs);
    report::print_verdicts(&pages);
    if args.each {
        report::print_each(&pages, &runs[0]);
    }
    Ok(())
}
