//! What was measured, as it is kept.

use std::{collections::BTreeMap, fs, path::Path, thread::available_parallelism, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::stats::Spread;

/// Every section as it was last measured, by name.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Data {
    pub(crate) sections: BTreeMap<String, Measured>,
}

/// A section, and under which circumstances it was measured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) date: String,
    pub(crate) cores: usize,
    /// How many programs wanted to run when the measurement began, one minute's mean, where the system tells.
    pub(crate) load: Option<f64>,
    pub(crate) rounds: u32,
    pub(crate) debug_build: bool,
    pub(crate) tables: Vec<Table>,
}

/// Figures that are read together.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Table {
    /// What it is about; nothing where the section has one table.
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

/// A figure of ours, beside a peer's where there is one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: String,
    pub(crate) ours: Spread,
    pub(crate) peer: Option<Peer>,
    /// What was aimed at, in words.
    pub(crate) goal: Option<String>,
}

/// What a figure is compared with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) theirs: Spread,
    /// Ours to theirs, within each round.
    pub(crate) ratio: Spread,
}

impl Data {
    /// What the file holds; nothing where there is none.
    pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        match path.filter(|path| path.exists()) {
            Some(path) => Ok(serde_json::from_slice(&fs::read(path)?)?),
            None => Ok(Self::default()),
        }
    }

    pub(crate) fn write(&self, path: Option<&Path>) -> anyhow::Result<()> {
        let Some(path) = path else { return Ok(()) };
        Ok(fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }
}

impl Measured {
    pub(crate) fn begin(rounds: u32) -> Self {
        let load = fs::read_to_string("/proc/loadavg").ok();
        Self {
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            cores: available_parallelism().map_or(1, usize::from),
            load: load.and_then(|text| text.split_whitespace().next()?.parse().ok()),
            rounds,
            debug_build: cfg!(debug_assertions),
            tables: Vec::new(),
        }
    }
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, rows: impl IntoIterator<Item = Row>) -> Self {
        Self { title: title.into(), rows: rows.into_iter().collect() }
    }
}

impl Row {
    /// A figure from every round.
    pub(crate) fn new(what: impl Into<String>, unit: impl Into<String>, rounds: &[f64]) -> Self {
        Self { what: what.into(), unit: unit.into(), ours: Spread::of(rounds), peer: None, goal: None }
    }

    /// The same rounds of a peer.
    pub(crate) fn beside(mut self, name: impl Into<String>, theirs: &[f64]) -> Self {
        let ratios: Vec<_> =
            self.ours.rounds.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        let (theirs, ratio) = (Spread::of(theirs), Spread::of(&ratios));
        self.peer = Some(Peer { name: name.into(), theirs, ratio });
        self
    }

    /// What was aimed at, in words.
    pub(crate) fn goal(mut self, goal: impl Into<String>) -> Self {
        self.goal = Some(goal.into());
        self
    }
}
