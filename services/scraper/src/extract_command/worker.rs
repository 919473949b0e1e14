//! The process that meets the pages.

use std::io::{self, BufRead, Write};

use anyhow::Context;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::line;
use crate::extract::Options;

/// Far more than a page within its limits takes.
const MEMORY_BYTES: u64 = 2 << 30;

/// Answers each line of stdin with a line.
pub(super) fn serve(options: &Options) -> anyhow::Result<()> {
    let most = Rlimit { current: Some(MEMORY_BYTES), maximum: Some(MEMORY_BYTES) };
    setrlimit(Resource::As, most).context("limiting memory")?;
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::BufWriter::new(io::stdout().lock()));
    let mut asked = Vec::new();
    while stdin.read_until(b'\n', &mut asked).context("reading a line")? > 0 {
        serde_json::to_writer(&mut stdout, &line::answer(&asked, options))?;
        stdout.write_all(b"\n").and_then(|()| stdout.flush()).context("writing an answer")?;
        asked.clear();
    }
    Ok(())
}
