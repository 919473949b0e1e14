//! Where figures come from: commit, plan, machine.

use std::{fs, process::Command, thread, time::SystemTime};

use sha2::{Digest, Sha256};

use crate::{
    plan::Plan,
    result::{Host, Provenance},
};

/// Hundredths of a second, the unit of processor time in `/proc` on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// Everything but the load average after the run.
pub(crate) fn provenance(plan: &Plan) -> Provenance {
    let host = Host {
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        processors: thread::available_parallelism().map_or(1, std::num::NonZero::get),
        load: [load_average(), 0.0],
    };
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: commit(),
        plan_hash: hex::encode(Sha256::digest(format!("{plan:?}"))),
        network: plan.deployment.name().to_owned(),
        started_at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        hosts: vec![host],
    }
}

/// The load average of the last minute; zero where the system does not tell.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default()
}

/// Processor time of this process until now, in seconds.
pub(crate) fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, and may hold spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

fn commit() -> Option<String> {
    let described =
        Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output().ok()?;
    let commit = String::from_utf8(described.stdout).ok()?.trim().to_owned();
    (described.status.success() && !commit.is_empty()).then_some(commit)
}
