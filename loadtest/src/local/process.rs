//! A service as a process that ends with us.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde::Deserialize;
use tokio::time::{Instant, sleep};
use x402::B256;

/// How often a log is read while a service starts.
const LOOK: Duration = Duration::from_millis(50);
/// How much of a log is shown when a service does not start.
const SHOWN_LINES: usize = 8;

/// A service about to be started, in a folder and an environment of its own.
pub(super) struct Launch {
    program: PathBuf,
    folder: PathBuf,
    command: Command,
    patience: Duration,
}

/// A running service; killed when dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    origin: String,
}

/// Why a service does not run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The system.
    #[error("{}: {source}", program.display())]
    Io {
        /// Which program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ended, or was not ready in time.
    #[error("{} is not ready; the end of its log:\n{log}", program.display())]
    NotReady {
        /// Which program.
        program: PathBuf,
        /// The end of its log.
        log: String,
    },
}

/// A line of a service's log that says where it listens.
#[derive(Deserialize)]
struct Listening {
    message: String,
    listener: String,
    url: String,
}

impl Launch {
    pub(super) fn new(program: &Path, folder: &Path, patience: Duration) -> Self {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null()).env("LOG_FORMAT", "json");
        command.args(["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"]);
        Self { program: program.to_owned(), folder: folder.to_owned(), command, patience }
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Names a file that holds a key and that only its owner can read.
    pub(super) fn secret(self, name: &str, key: &B256) -> Result<Self, ProcessError> {
        let file = format!("{}.key", name.to_lowercase());
        let path = self.folder.join(&file);
        let written = fs::create_dir_all(&self.folder).and_then(|()| {
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            writeln!(file, "{key}")
        });
        written.map_err(|source| self.io(source))?;
        Ok(self.env(name, &file))
    }

    /// Starts it, and waits until it listens and says that it is ready.
    pub(super) async fn start(mut self) -> Result<Process, ProcessError> {
        let path = self.folder.join("log");
        let file = fs::create_dir_all(&self.folder).and_then(|()| File::create(&path));
        let file = file.map_err(|source| self.io(source))?;
        let child = self.command.stdout(Stdio::null()).stderr(file).spawn();
        let mut process = Process { child: child.map_err(|source| self.io(source))?, origin: String::new() };
        let give_up = Instant::now() + self.patience;
        let http = reqwest::Client::builder().no_proxy().build().unwrap_or_default();
        loop {
            let log = fs::read_to_string(&path).unwrap_or_default();
            if let (Some(public), Some(admin)) = (listening(&log, "public"), listening(&log, "admin")) {
                let ready = http.get(format!("{admin}/readyz")).send().await;
                if ready.is_ok_and(|answer| answer.status().is_success()) {
                    process.origin = public;
                    return Ok(process);
                }
            }
            let ended = process.child.try_wait().map_err(|source| self.io(source))?.is_some();
            if ended || Instant::now() > give_up {
                return Err(ProcessError::NotReady { program: self.program, log: tail(&log) });
            }
            sleep(LOOK).await;
        }
    }

    fn io(&self, source: io::Error) -> ProcessError {
        ProcessError::Io { program: self.program.clone(), source }
    }
}

impl Process {
    /// Where it sells.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listening(log: &str, listener: &str) -> Option<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Listening>(line).ok());
    lines.filter(|line| line.message == "listening" && line.listener == listener).map(|line| line.url).next()
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}
