use std::{
    io::{Write, stderr},
    process::ExitCode,
};

use loadtest::{PreflightError, RunError, plan::PlanError, result::RunResult};

const ERROR: u8 = 1;
const THRESHOLD: u8 = 2;
const LEAK: u8 = 3;
const USAGE: u8 = 64;

/// What a result says to the shell: a leak above all.
pub(super) fn verdict(result: &RunResult) -> ExitCode {
    match &result.verdict {
        verdict if verdict.passed => ExitCode::SUCCESS,
        verdict if !verdict.leaks.is_empty() => ExitCode::from(LEAK),
        _ => ExitCode::from(THRESHOLD),
    }
}

/// Says what went wrong, in one line.
pub(super) fn failed(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(stderr(), "loadtest: {error:#}");
    let plan = error.is::<PlanError>()
        || error.is::<PreflightError>()
        || matches!(error.downcast_ref(), Some(RunError::Preflight(_)));
    ExitCode::from(if plan { USAGE } else { ERROR })
}
