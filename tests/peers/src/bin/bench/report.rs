use std::{fmt, fs, thread::available_parallelism, time::SystemTime};

use serde::Serialize;

use crate::stats::Spread;

/// Everything that one run measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    date: String,
    cores: usize,
    /// How many programs wanted to run when the measurement began, one minute's mean, where the system tells.
    load: Option<f64>,
    pub(crate) rounds: u32,
    comparisons: Vec<Comparison>,
    /// Where the time of a paid call of ours goes, in milliseconds.
    phases: Vec<Phase>,
}

/// A figure of ours beside a peer's.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    what: &'static str,
    unit: &'static str,
    ours: Spread,
    peer: &'static str,
    theirs: Spread,
    /// Ours to theirs, within each round.
    ratio: Spread,
}

/// One phase of a paid call, as `Server-Timing` tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) one_at_a_time: f64,
    pub(crate) many_at_once: f64,
}

/// What was measured in each round, on both sides.
pub(crate) struct Rounds<'a> {
    pub(crate) ours: &'a [f64],
    pub(crate) theirs: &'a [f64],
}

impl Report {
    pub(crate) fn begin(rounds: u32) -> Self {
        let load = fs::read_to_string("/proc/loadavg").ok();
        Self {
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            cores: available_parallelism().map_or(1, usize::from),
            load: load.and_then(|text| text.split_whitespace().next()?.parse().ok()),
            rounds,
            comparisons: Vec::new(),
            phases: Vec::new(),
        }
    }

    pub(crate) fn extend(&mut self, comparisons: impl IntoIterator<Item = Comparison>) {
        self.comparisons.extend(comparisons);
    }

    pub(crate) fn phases(&mut self, phases: Vec<Phase>) {
        self.phases = phases;
    }
}

impl Comparison {
    pub(crate) fn new(
        what: &'static str,
        unit: &'static str,
        peer: &'static str,
        rounds: Rounds<'_>,
    ) -> Self {
        let Rounds { ours, theirs } = rounds;
        let ratios: Vec<_> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        Self {
            what,
            unit,
            ours: Spread::of(ours),
            peer,
            theirs: Spread::of(theirs),
            ratio: Spread::of(&ratios),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let load = self.load.map_or_else(String::new, |load| format!(", load {load:.2} before"));
        writeln!(f, "{}; {} cores{load}; {} rounds.\n", self.date, self.cores, self.rounds)?;
        writeln!(f, "| What | Unit | Ours | Peer | Theirs | Ours / theirs |")?;
        writeln!(f, "|---|---|--:|---|--:|--:|")?;
        for Comparison { what, unit, ours, peer, theirs, ratio } in &self.comparisons {
            writeln!(f, "| {what} | {unit} | {ours} | {peer} | {theirs} | {ratio} |")?;
        }
        if !self.phases.is_empty() {
            writeln!(f, "\n| Phase of a paid call, ms | one at a time | 16 at once |\n|---|--:|--:|")?;
        }
        for Phase { name, one_at_a_time, many_at_once } in &self.phases {
            writeln!(f, "| {name} | {one_at_a_time:.2} | {many_at_once:.2} |")?;
        }
        Ok(())
    }
}

/// The median, and in parentheses the least and the most.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.median.abs() {
            100.0.. => 0,
            10.0.. => 1,
            _ => 2,
        };
        write!(f, "{:.digits$}", self.median)?;
        if self.min < self.max {
            write!(f, " ({:.digits$} to {:.digits$})", self.min, self.max)?;
        }
        Ok(())
    }
}
