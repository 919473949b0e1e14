use std::{
    fs,
    io::{Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use loadtest::{
    output::{ComparisonText, Text, hdr_log, html},
    result::{RunResult, compare, merge},
    sample::Measure,
};

use super::exit;

/// Where a result goes besides the terminal.
#[derive(Args, Debug)]
pub(super) struct Outputs {
    /// Write the result as JSON (`loadtest schema` describes it); merge, compare and report read it.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a report: one HTML file that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write an HdrHistogram interval log, tagged by measure.
    #[arg(long, value_name = "FILE")]
    hdr: Option<PathBuf>,
}

/// `report`.
#[derive(Args)]
pub(super) struct Report {
    /// A result.
    result: PathBuf,
    #[command(flatten)]
    outputs: Outputs,
}

/// `merge`.
#[derive(Args)]
pub(super) struct Merge {
    /// The results.
    #[arg(required = true)]
    results: Vec<PathBuf>,
    #[command(flatten)]
    outputs: Outputs,
}

/// `compare`.
#[derive(Args)]
pub(super) struct Compare {
    /// The first run's result.
    before: PathBuf,
    /// The second run's.
    after: PathBuf,
    /// What to compare; total and every part unless set.
    #[arg(long, value_name = "MEASURE")]
    measure: Vec<Measure>,
    /// The seed of the resampling: the same one gives the same intervals.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Outputs {
    pub(super) fn write(&self, result: &RunResult) -> anyhow::Result<()> {
        let put = |path: &Option<PathBuf>, content: anyhow::Result<Vec<u8>>| match path {
            Some(path) => fs::write(path, content?).with_context(|| path.display().to_string()),
            None => Ok(()),
        };
        put(&self.json, Ok(serde_json::to_vec_pretty(result)?))?;
        put(&self.html, html(result).map(String::into_bytes).map_err(Into::into))?;
        put(&self.hdr, hdr_log(result).map_err(Into::into))
    }
}

impl Report {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let result = read(&self.result)?;
        self.outputs.write(&result)?;
        writeln!(stdout(), "{}", Text(&result))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Merge {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let results = self.results.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>()?;
        let merged = merge(results)?;
        self.outputs.write(&merged)?;
        writeln!(stdout(), "{}", Text(&merged))?;
        Ok(exit::verdict(&merged))
    }
}

impl Compare {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let (before, after) = (read(&self.before)?, read(&self.after)?);
        let measures = if self.measure.is_empty() {
            [Measure::Total].into_iter().chain(Measure::PARTS).collect()
        } else {
            self.measure
        };
        for measure in measures {
            if let Some(comparison) = compare(&before, &after, measure, self.seed)? {
                write!(stdout(), "{}", ComparisonText(&comparison))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// `schema`.
pub(super) fn schema() -> anyhow::Result<ExitCode> {
    writeln!(stdout(), "{}", serde_json::to_string_pretty(&schemars::schema_for!(RunResult))?)?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<RunResult> {
    let text = fs::read(path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text)
        .with_context(|| format!("{} is no result of `loadtest run`", path.display()))
}
