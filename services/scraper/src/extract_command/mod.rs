//! `scraper extract`: the service's own extraction on stdin, free: one page, or many.

mod line;
mod many;
mod worker;

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use anyhow::Context;
use clap::{Args, ValueEnum};
use url::Url;

use crate::extract::{Extraction, Format, Options, decode, extract};

/// What is extracted, and how it is written.
#[derive(Debug, Clone, Args)]
pub struct ExtractArgs {
    /// The page's own address, for relative links and as a hint of the page's type
    #[arg(long)]
    url: Option<Url>,
    /// What to write
    #[arg(long, value_enum, default_value = "markdown")]
    format: Output,
    /// Many pages: a line {"url": ..., "html": ...} each, answered by a line each
    #[arg(long)]
    jsonl: bool,
    /// The Content-Type header that the page came with
    #[arg(long)]
    content_type: Option<String>,
    /// A CSS selector of what the content is; may be given again
    #[arg(long)]
    include: Vec<String>,
    /// A CSS selector of what to leave out; may be given again
    #[arg(long)]
    exclude: Vec<String>,
    /// Cut text and markdown near this many tokens
    #[arg(long)]
    max_tokens: Option<usize>,
    /// A JSON file with the fields of `structured`, for --format json
    #[arg(long)]
    schema: Option<PathBuf>,
    /// Extract in this very process: how the command runs itself
    #[arg(long, hide = true, requires = "jsonl")]
    here: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Markdown,
    Text,
    Html,
    /// Everything: markdown, text, html, links, metadata, structured
    Json,
}

impl Output {
    fn formats(self) -> Vec<Format> {
        match self {
            Self::Markdown => vec![Format::Markdown],
            Self::Text => vec![Format::Text],
            Self::Html => vec![Format::Html],
            Self::Json => {
                vec![
                    Format::Markdown,
                    Format::Text,
                    Format::Html,
                    Format::Links,
                    Format::Metadata,
                    Format::Structured,
                ]
            }
        }
    }
}

/// Reads stdin, writes stdout.
///
/// # Errors
/// Says why a single page was not extracted. With `--jsonl` a page that fails is a line that says so, not an error.
pub fn run(arguments: &ExtractArgs) -> anyhow::Result<()> {
    if arguments.jsonl && arguments.here {
        return worker::serve(&options(arguments)?);
    }
    if arguments.jsonl {
        options(arguments)?;
        return many::run();
    }
    let mut page = Vec::new();
    io::stdin().lock().read_to_end(&mut page).context("reading the page")?;
    let page = decode(&page, arguments.content_type.as_deref()).text;
    let found = extract(&page, arguments.url.as_ref(), &options(arguments)?)?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", written(&found, arguments.format)?).context("writing the content")
}

fn written(found: &Extraction, output: Output) -> anyhow::Result<String> {
    let one = match output {
        Output::Markdown => &found.markdown,
        Output::Text => &found.text,
        Output::Html => &found.html,
        Output::Json => return Ok(serde_json::to_string(found)?),
    };
    Ok(one.clone().unwrap_or_default())
}

fn options(arguments: &ExtractArgs) -> anyhow::Result<Options> {
    let schema = arguments.schema.as_ref().map(|path| {
        let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is not a schema", path.display()))
    });
    Ok(Options {
        formats: arguments.format.formats(),
        include: arguments.include.clone(),
        exclude: arguments.exclude.clone(),
        max_tokens: arguments.max_tokens,
        schema: schema.transpose()?,
        ..Options::default()
    })
}
