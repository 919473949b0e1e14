//! A worker: reads jobs from stdin until there are no more. Whatever a page does to it, it does to it alone.

use std::{io, thread};

use clap::Args;
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    time::{ClockId, clock_gettime},
};
use service_kit::StartError;

use super::{Job, frame, page};

/// The subcommand.
pub const WORKER: &str = "work";

/// Room for parsers that call themselves.
const STACK_BYTES: usize = 64 << 20;

/// The limits that a worker sets itself, before it sees a page.
#[derive(Args, Clone, Copy, Debug)]
pub struct WorkerArgs {
    /// Address space.
    #[arg(long)]
    memory_bytes: u64,
    /// Processor time a page.
    #[arg(long)]
    cpu_seconds: u64,
    /// Decoded content a page.
    #[arg(long)]
    content_bytes: usize,
}

/// Works until stdin ends.
///
/// # Errors
/// [`StartError`] when the limits cannot be set, or the service is gone.
pub async fn run(arguments: WorkerArgs) -> Result<(), StartError> {
    let failed = || StartError::failed::<io::Error>("working");
    let worker = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || work(arguments));
    let ended = worker.map_err(failed())?.join();
    ended.unwrap_or_else(|_| Err(io::Error::other("a page was too much"))).map_err(failed())
}

fn work(arguments: WorkerArgs) -> io::Result<()> {
    confine(arguments.memory_bytes)?;
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    while let Some((job, body)) = frame::read::<Job>(&mut stdin)? {
        allow_cpu(arguments.cpu_seconds)?;
        let done = page::work(&job, &body, arguments.content_bytes);
        frame::write(&mut stdout, &done, &[])?;
    }
    Ok(())
}

/// Memory, no core dumps, and no file written or opened: what it has open, it keeps.
fn confine(memory_bytes: u64) -> io::Result<()> {
    let both = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
    setrlimit(Resource::As, both(memory_bytes))?;
    setrlimit(Resource::Core, both(0))?;
    setrlimit(Resource::Fsize, both(0))?;
    setrlimit(Resource::Nofile, both(0))?;
    Ok(())
}

/// So much processor time from now on. The kernel counts what the process has used since it began.
fn allow_cpu(seconds: u64) -> io::Result<()> {
    let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or_default();
    let maximum = getrlimit(Resource::Cpu).maximum;
    setrlimit(Resource::Cpu, Rlimit { current: Some(used + 1 + seconds), maximum })?;
    Ok(())
}
