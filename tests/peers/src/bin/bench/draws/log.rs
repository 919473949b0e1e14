//! How fast the log of draws grows durably, which its sequencer does in groups.

use std::process::Command;

use anyhow::{Context, ensure};

use crate::{
    data::{Row, Table},
    section::Bench,
};

/// Entries of one change.
const GROUPS: [u32; 3] = [1, 250, 1000];

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Table> {
    let mut rows = Vec::new();
    for group in GROUPS {
        let rates: Vec<_> = (0..bench.rounds).map(|_| appends(group)).collect::<anyhow::Result<_>>()?;
        rows.push(Row::new(
            format!("{group} in a change, under one signed checkpoint"),
            "per second",
            &rates,
        ));
    }
    Ok(Table::new("Durable appends to the log, on SQLite", rows))
}

fn appends(group: u32) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let database = format!("sqlite://{}", folder.path().join("log.db").display());
    let mut rng = Command::new(Bench::program("rng")?);
    let output =
        rng.args(["appends", "--entries", &group.to_string(), "--database-url", &database]).output()?;
    ensure!(output.status.success(), "rng appends: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)?.trim().parse().context("entries a second")
}
