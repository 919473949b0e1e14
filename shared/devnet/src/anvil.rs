//! The anvil process: how it is started, what it announces, and that it never outlives us.

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use alloy_primitives::{Address, B256};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{
    DevnetError,
    contracts::CHAIN_ID,
    description::{ACCOUNTS, Account},
    locate,
    options::Options,
};

/// Replaces itself by the command in its arguments, and leaves a watcher that kills the process group as soon as
/// standard input ends. The other end of it closes when we die, even by SIGKILL, which no handler of ours would see.
const GUARD: &str = r#"exec 3<&0
(read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null"#;

const START_LIMIT: Duration = Duration::from_secs(30);

/// Seconds between the empty blocks of an idle chain.
const IDLE_BLOCK: &str = "5";

/// States older than this many blocks are forgotten, which bounds memory. Blocks, transactions, receipts and logs stay.
const STATES_KEPT: &str = "64";

/// A running anvil. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Anvil {
    child: Child,
    /// What the guard watches.
    lifeline: Option<ChildStdin>,
}

/// What anvil prints before it serves.
#[derive(Debug)]
pub(crate) struct Announcement {
    pub(crate) address: SocketAddr,
    pub(crate) accounts: [Account; ACCOUNTS],
}

impl Anvil {
    /// Starts anvil and waits until it listens.
    pub(crate) async fn start(options: &Options) -> Result<(Self, Announcement), DevnetError> {
        let mut child = command(&locate::anvil(options.anvil.as_deref())?, options).spawn()?;
        let lifeline = child.stdin.take();
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(DevnetError::Announcement);
        };
        let anvil = Self { child, lifeline };
        let announcement = timeout(START_LIMIT, announcement(stdout, stderr))
            .await
            .map_err(|_| DevnetError::TooSlow(START_LIMIT.as_secs()))??;
        Ok((anvil, announcement))
    }

    /// Ends the process and waits until it is gone.
    pub(crate) async fn stop(mut self) -> Result<(), DevnetError> {
        self.lifeline.take();
        let _ = self.child.start_kill(); // fails only if it has ended already
        self.child.wait().await?;
        Ok(())
    }

    /// Returns when the process has ended.
    pub(crate) async fn ended(&mut self) -> Result<(), DevnetError> {
        self.child.wait().await?;
        Ok(())
    }
}

fn command(anvil: &Path, options: &Options) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", GUARD, "sh"])
        .arg(anvil)
        .args(["--host", "127.0.0.1", "--port", &options.port.unwrap_or(0).to_string()])
        .args(["--chain-id", &CHAIN_ID.to_string(), "--accounts", &ACCOUNTS.to_string()])
        .args(["--slots-in-an-epoch", "1", "--enable-tx-gas-limit", "--prune-history", STATES_KEPT])
        .args(["--mixed-mining", "--block-time", IDLE_BLOCK])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if let Some(starts_at) = options.starts_at {
        command.args(["--timestamp", &starts_at.to_string()]);
    }
    command
}

/// Reads up to the line that says where anvil listens. The port is chosen by the kernel and named here, so two chains
/// that start at once cannot be mistaken for each other.
async fn announcement(stdout: ChildStdout, mut stderr: ChildStderr) -> Result<Announcement, DevnetError> {
    let mut lines = BufReader::new(stdout).lines();
    let (mut addresses, mut keys) = (Vec::new(), Vec::new());
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.strip_prefix("Listening on ") {
            let announcement = Announcement {
                address: address.parse().map_err(|_| DevnetError::Announcement)?,
                accounts: accounts(&addresses, &keys)?,
            };
            tokio::spawn(drain(lines.into_inner()));
            tokio::spawn(drain(stderr));
            return Ok(announcement);
        }
        let listed =
            line.strip_prefix('(').and_then(|line| line.split_whitespace().nth(1)).unwrap_or_default();
        addresses.extend(listed.parse::<Address>().ok());
        keys.extend(listed.parse::<B256>().ok());
    }
    let mut complaint = String::new();
    stderr.read_to_string(&mut complaint).await?;
    Err(DevnetError::Exited(complaint.trim().to_owned()))
}

fn accounts(addresses: &[Address], keys: &[B256]) -> Result<[Account; ACCOUNTS], DevnetError> {
    let pairs = addresses.iter().zip(keys);
    let accounts: Vec<_> = pairs.map(|(&address, &private_key)| Account { address, private_key }).collect();
    accounts.try_into().map_err(|_| DevnetError::Announcement)
}

/// Reads what is of no interest, so that anvil never waits for a full pipe.
async fn drain(mut output: impl AsyncRead + Unpin) {
    let _ = tokio::io::copy(&mut output, &mut tokio::io::sink()).await;
}
