//! `rng audit`: follows a log from outside, and says what its operator did wrong.

mod examine;
mod fetch;
#[cfg(test)]
mod malicious;
mod report;

use std::{fs, path::PathBuf};

use draw::{Checkpoint, DrawReceipt, LogKey, hex_bytes};
use serde::{Deserialize, Serialize};
use service_kit::StartError;
use url::Url;

use crate::clock;
use examine::{Evidence, Promised, examine};

/// What an audit is told.
#[derive(clap::Args)]
pub(crate) struct Audit {
    /// The service
    #[arg(long, value_name = "URL")]
    url: Url,
    /// The log's key, as `NAME 0x...`; what the service itself says unless given
    #[arg(long, value_names = ["NAME", "KEY"], num_args = 2)]
    log_key: Vec<String>,
    /// Where the last checkpoint is kept, so that the next audit finds a log that did not only grow
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Checkpoints that others were shown
    #[arg(long, value_name = "FILE", num_args = 1..)]
    checkpoint: Vec<PathBuf>,
    /// Receipts whose promises are to be kept: draws, or files that `buyer` saved
    #[arg(long, value_name = "FILE", num_args = 1..)]
    receipt: Vec<PathBuf>,
    /// Prints the report as JSON
    #[arg(long)]
    json: bool,
}

/// What the last audit saw.
#[derive(Serialize, Deserialize)]
struct Seen {
    checkpoint: String,
}

/// Audits, prints the report, and fails where something is wrong.
pub(crate) async fn run(audit: Audit) -> Result<(), StartError> {
    let told = fetch::Service::new(audit.url.clone());
    let key = audit.key(&told).await?;
    let note = told.checkpoint().await?;
    let head = Checkpoint::open(&note, &key).map_err(StartError::failed("opening the checkpoint"))?;
    let entries = told.entries(head.size).await?;
    let evidence = Evidence {
        head,
        entries,
        seen: audit.seen(&key)?,
        promised: audit.promised(&key)?,
        now: clock::seconds(),
    };
    let report = examine(&evidence);
    report.print(&key, audit.json).map_err(StartError::failed("printing the report"))?;
    if !report.faults.is_empty() {
        return Err(StartError::failed("the audit")(format!("{} faults", report.faults.len())));
    }
    if let Some(path) = &audit.state {
        let seen = serde_json::to_vec(&Seen { checkpoint: note })
            .map_err(StartError::failed("writing the state"))?;
        fs::write(path, seen).map_err(StartError::failed("writing the state"))?;
    }
    Ok(())
}

impl Audit {
    async fn key(&self, service: &fetch::Service) -> Result<LogKey, StartError> {
        let unusable = |error: String| StartError::config(error, "--log-key NAME 0x...");
        if let [name, key] = &self.log_key[..] {
            let key = hex_bytes::parse(key).map_err(|error| unusable(error.to_string()))?;
            return LogKey::new(name, key).map_err(|error| unusable(error.to_string()));
        }
        service.log_key().await
    }

    /// Every checkpoint of this log that was seen elsewhere or before.
    fn seen(&self, key: &LogKey) -> Result<Vec<Checkpoint>, StartError> {
        let mut notes = Vec::new();
        for path in &self.checkpoint {
            notes.push(fs::read_to_string(path).map_err(StartError::failed(path.display().to_string()))?);
        }
        if let Some(path) = self.state.as_ref().filter(|path| path.exists()) {
            let text = fs::read(path).map_err(StartError::failed(path.display().to_string()))?;
            let seen: Seen =
                serde_json::from_slice(&text).map_err(StartError::failed(path.display().to_string()))?;
            notes.push(seen.checkpoint);
        }
        let open = |note: &String| Checkpoint::open(note, key);
        notes.iter().map(open).collect::<Result<_, _>>().map_err(StartError::failed("opening a checkpoint"))
    }

    fn promised(&self, key: &LogKey) -> Result<Vec<Promised>, StartError> {
        let read = |path: &PathBuf| {
            let name = || path.display().to_string();
            let text = fs::read(path).map_err(StartError::failed(name()))?;
            let mut file: serde_json::Value =
                serde_json::from_slice(&text).map_err(StartError::failed(name()))?;
            let draw = file.get_mut("draw").map(serde_json::Value::take).unwrap_or(file);
            let receipt =
                DrawReceipt::from_json(draw.to_string().as_bytes()).map_err(StartError::failed(name()))?;
            Promised::of(name(), &receipt, key).map_err(StartError::failed(name()))
        };
        self.receipt.iter().map(read).collect()
    }
}
