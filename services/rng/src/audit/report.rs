//! The report of an audit.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write},
};

use draw::{LogKey, hex_bytes, tree::Hash};
use serde_json::{Value, json};

/// Most labels that the report for people shows.
const SHOWN: usize = 10;

/// What an audit found.
#[derive(Debug, Default)]
pub(super) struct Report {
    size: u64,
    /// A word for a program, and what it is about.
    pub(super) faults: Vec<(&'static str, String)>,
    /// Epoch, key, and whether it is that of the first start.
    pub(super) epochs: Vec<(u32, [u8; 32], bool)>,
    pub(super) counts: Counts,
    /// Earlier checkpoints that were compared.
    pub(super) seen: usize,
    /// Promises that were kept, and those that are not due.
    pub(super) kept: usize,
    pub(super) pending: usize,
}

/// How many entries of each kind there are.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) keys: u64,
    pub(super) draws: u64,
    pub(super) accepted: u64,
    pub(super) given_up: u64,
    pub(super) by_label: HashMap<Hash, u64>,
    pub(super) by_epoch: BTreeMap<u32, u64>,
}

impl Report {
    pub(super) fn new(size: u64) -> Self {
        Self { size, ..Self::default() }
    }

    pub(super) fn fault(&mut self, kind: &'static str, what: String) {
        self.faults.push((kind, what));
    }

    pub(super) fn print(&self, log: &LogKey, as_json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if as_json { writeln!(out, "{:#}", self.json(log)) } else { self.write(&mut out, log) }
    }

    fn json(&self, log: &LogKey) -> Value {
        let faults = self.faults.iter().map(|(kind, what)| json!({ "fault": kind, "what": what }));
        let epochs = self.epochs.iter().map(|(epoch, key, genesis)| {
            json!({ "epoch": epoch, "key": hex_bytes::format(key), "genesis": genesis })
        });
        let labels = self
            .labels()
            .into_iter()
            .map(|(ctx, draws)| json!({ "ctx": hex_bytes::format(&ctx), "draws": draws }));
        json!({
            "log": log.to_string(),
            "size": self.size,
            "faults": faults.collect::<Vec<_>>(),
            "epochs": epochs.collect::<Vec<_>>(),
            "draws": self.counts.draws,
            "accepted": self.counts.accepted,
            "givenUp": self.counts.given_up,
            "labels": labels.collect::<Vec<_>>(),
            "checkpointsCompared": self.seen,
            "promisesKept": self.kept,
            "promisesNotDue": self.pending,
        })
    }

    fn write(&self, out: &mut impl Write, log: &LogKey) -> io::Result<()> {
        let Counts { keys, draws, accepted, given_up, .. } = &self.counts;
        writeln!(out, "log          {}, {} entries", log.name(), self.size)?;
        writeln!(
            out,
            "entries      {draws} draws, {keys} keys, {accepted} accepted for the beacon, {given_up} given up"
        )?;
        writeln!(out, "checkpoints  {} seen before or elsewhere were compared", self.seen)?;
        writeln!(out, "promises     {} kept, {} not due yet", self.kept, self.pending)?;
        for (epoch, key, genesis) in &self.epochs {
            let first = if *genesis { "  (genesis: logged when the log began)" } else { "" };
            let draws = self.counts.by_epoch.get(epoch).copied().unwrap_or_default();
            writeln!(out, "epoch {epoch:6} {} {draws:6} draws{first}", hex_bytes::format(key))?;
        }
        let labels = self.labels();
        for (ctx, draws) in labels.iter().take(SHOWN) {
            writeln!(out, "label        {} {draws:6} draws", hex_bytes::format(ctx))?;
        }
        if labels.len() > SHOWN {
            writeln!(out, "             and {} more labels", labels.len() - SHOWN)?;
        }
        for (kind, what) in &self.faults {
            writeln!(out, "FAULT        {kind}: {what}")?;
        }
        writeln!(
            out,
            "{}",
            if self.faults.is_empty() {
                "nothing is wrong with this log"
            } else {
                "THE OPERATOR IS AT FAULT"
            }
        )
    }

    /// Payer and label, hashed, with the most draws first.
    fn labels(&self) -> Vec<(Hash, u64)> {
        let mut labels: Vec<_> = self.counts.by_label.iter().map(|(ctx, draws)| (*ctx, *draws)).collect();
        labels.sort_by_key(|(ctx, draws)| (std::cmp::Reverse(*draws), *ctx));
        labels
    }
}
