//! Processes that work on pages: as many as there are places, each replaced when it dies, takes too long, or has done enough.

use std::{
    io,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clap::Args;
use tokio::{
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Semaphore,
};

use super::{Done, Job, frame, worker::WORKER};
use crate::fetch::millis;

/// What one job may take.
#[derive(Args, Clone, Copy, Debug)]
pub struct WorkLimits {
    /// How many worker processes. One for each processor unless set.
    #[arg(long, value_name = "NUMBER")]
    pub workers: Option<usize>,
    /// How long a page may be worked on, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "10000", value_parser = millis)]
    pub work_deadline_ms: Duration,
    /// How much processor time a page may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 8)]
    pub work_cpu_seconds: u64,
    /// How much address space a worker may have, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30)]
    pub work_memory_bytes: u64,
    /// The largest content of a page, once its coding is undone, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 50 << 20)]
    pub max_content_bytes: usize,
    /// How many pages a worker sees before it is replaced.
    #[arg(long, value_name = "PAGES", default_value_t = 1000)]
    pub pages_per_worker: u32,
}

/// Why no work was done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// Every place is taken, and stays so.
    #[error("all workers are busy")]
    Busy,
    /// The page took too long.
    #[error("the page takes longer than {} ms to work on", .0.as_millis())]
    Deadline(Duration),
    /// The page took its worker down.
    #[error("the page needs more than it may take: its worker ended ({0})")]
    Died(String),
    /// No worker can be started.
    #[error("no worker can be started: {0}")]
    Start(#[source] io::Error),
}

/// A pool of workers.
pub struct Pool {
    places: Semaphore,
    idle: Mutex<Vec<Worker>>,
    limits: WorkLimits,
}

struct Worker {
    process: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    pages: u32,
}

impl Pool {
    /// A pool. Workers are started when there is work.
    #[must_use]
    pub fn new(limits: WorkLimits) -> Arc<Self> {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let places = Semaphore::new(limits.workers.unwrap_or(processors).max(1));
        Arc::new(Self { places, idle: Mutex::default(), limits })
    }

    /// Has a page worked on.
    ///
    /// # Errors
    /// [`WorkError`]: whatever became of the worker, the next page finds one.
    pub async fn work(&self, job: &Job, body: &[u8]) -> Result<Done, WorkError> {
        let deadline = self.limits.work_deadline_ms;
        let place = tokio::time::timeout(deadline, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(WorkError::Busy) };
        let mut worker = match self.take() {
            Some(worker) => worker,
            None => Worker::start(&self.limits).map_err(WorkError::Start)?,
        };
        // A worker that is not given back is killed with its value.
        match tokio::time::timeout(deadline, worker.run(job, body)).await {
            Ok(Ok(done)) => {
                self.give_back(worker);
                Ok(done)
            }
            Ok(Err(error)) => Err(WorkError::Died(worker.last_words(&error).await)),
            Err(_) => Err(WorkError::Deadline(deadline)),
        }
    }

    /// A worker that waits for a page.
    fn take(&self) -> Option<Worker> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut worker) = idle.pop() {
            // One that ended meanwhile is only let go.
            if matches!(worker.process.try_wait(), Ok(None)) {
                return Some(worker);
            }
        }
        None
    }

    fn give_back(&self, worker: Worker) {
        if worker.pages < self.limits.pages_per_worker {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        }
    }
}

impl Worker {
    /// This program again, as a worker: with nothing of our environment, and nobody to talk to but us.
    fn start(limits: &WorkLimits) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(WORKER)
            .arg(format!("--memory-bytes={}", limits.work_memory_bytes))
            .arg(format!("--cpu-seconds={}", limits.work_cpu_seconds))
            .arg(format!("--content-bytes={}", limits.max_content_bytes))
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else { return Err(io::Error::other("no pipes")) };
        metrics::counter!("scraper_workers_started_total").increment(1);
        Ok(Self { process, stdin, stdout, pages: 0 })
    }

    async fn run(&mut self, job: &Job, body: &[u8]) -> io::Result<Done> {
        self.pages += 1;
        frame::send(&mut self.stdin, job, body).await?;
        Ok(frame::receive(&mut self.stdout).await?.0)
    }

    /// What its end says, where it ended; where it did not, it is about to.
    async fn last_words(mut self, error: &io::Error) -> String {
        const MOMENT: Duration = Duration::from_millis(200);
        match tokio::time::timeout(MOMENT, self.process.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            _ => error.to_string(),
        }
    }
}
