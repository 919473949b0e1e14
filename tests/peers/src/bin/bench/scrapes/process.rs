//! What a process and all that it started take, as Linux tells.

use std::{collections::HashMap, fs};

use anyhow::Context;

/// Ticks of `/proc/PID/stat` in a second: Linux tells programs of no other.
const TICKS: f64 = 100.0;

/// What was used so far.
pub(super) struct Usage {
    /// Processor time, of those too that have ended and were waited for, in milliseconds.
    pub(super) cpu_ms: f64,
    /// What is in memory of the service and its workers; a browser's processes share most of theirs, so they are not counted.
    pub(super) resident_mb: f64,
}

struct Process {
    parent: u32,
    is_scraper: bool,
    ticks: u64,
    resident_kb: u64,
}

impl Usage {
    pub(super) fn of(root: u32) -> anyhow::Result<Self> {
        let all = processes()?;
        let (mut ticks, mut resident_kb, mut waiting) = (0, 0, vec![root]);
        while let Some(id) = waiting.pop() {
            let Some(process) = all.get(&id) else { continue };
            ticks += process.ticks;
            resident_kb += if process.is_scraper { process.resident_kb } else { 0 };
            waiting.extend(all.iter().filter(|(_, process)| process.parent == id).map(|(id, _)| *id));
        }
        Ok(Self { cpu_ms: ticks as f64 / TICKS * 1e3, resident_mb: resident_kb as f64 / 1024.0 })
    }
}

fn processes() -> anyhow::Result<HashMap<u32, Process>> {
    let entries = fs::read_dir("/proc").context("there is no /proc")?;
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    // One that ends meanwhile is passed over.
    Ok(ids.filter_map(|id| Some((id, read(id)?))).collect())
}

/// proc_pid_stat(5), after the name in parentheses: state, parent, and as 12th to 15th the four times.
fn read(id: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (head, tail) = stat.rsplit_once(") ")?;
    let fields: Vec<_> = tail.split(' ').collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident_kb = resident.and_then(|kb| kb.split_whitespace().next()?.parse().ok()).unwrap_or_default();
    let parent = fields.get(1)?.parse().ok()?;
    Some(Process { parent, is_scraper: head.ends_with("(scraper"), ticks, resident_kb })
}
