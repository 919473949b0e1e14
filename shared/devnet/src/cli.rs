use std::{
    fmt, fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use devnet::{BlockTime, Description, Devnet, Options};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A Base Sepolia on this machine: anvil, test USDC, funded accounts.
#[derive(Parser)]
#[command(name = "devnet", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the chain and keep it until Ctrl-C or SIGTERM.
    Up(Up),
}

#[derive(Args)]
struct Up {
    /// The port on 127.0.0.1; 0 for a free one.
    #[arg(long, default_value_t = 8545)]
    port: u16,
    /// Seconds between blocks, or `auto`: a block per transaction.
    #[arg(long, default_value_t = BlockTime::Seconds(2), value_name = "SECONDS|auto")]
    block_time: BlockTime,
    /// Where to write addresses and keys as JSON once the chain serves; removed when it ends.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Cli {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Command::Up(up) = self.command;
        up.run().await
    }
}

impl Up {
    async fn run(self) -> anyhow::Result<()> {
        let mut signals = Signals::catch()?;
        let ready = self.ready_file.as_deref().map(ReadyFile::claim).transpose()?;
        let options = Options { port: Some(self.port), block_time: self.block_time, ..Options::default() };
        let mut devnet = tokio::select! {
            started = Devnet::start(options) => started?,
            () = signals.any() => return Ok(()),
        };
        if let Some(ready) = &ready {
            ready.write(devnet.description())?;
        }
        say(Summary(devnet.description(), self.block_time));
        tokio::select! {
            ended = devnet.ended() => ended?,
            () = signals.any() => return Ok(devnet.stop().await?),
        }
        bail!("anvil ended by itself")
    }
}

/// What asks the program to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The file that exists exactly while the chain serves.
struct ReadyFile<'a>(&'a Path);

impl<'a> ReadyFile<'a> {
    /// Removes what an earlier run may have left.
    fn claim(path: &'a Path) -> anyhow::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).context(path.display().to_string())
            }
            _ => Ok(Self(path)),
        }
    }

    /// Writes beside the file and renames, so that whoever waits for it never reads half of it.
    fn write(&self, description: &Description) -> anyhow::Result<()> {
        let mut name = self.0.as_os_str().to_owned();
        name.push(format!(".{}.tmp", process::id()));
        let partial = PathBuf::from(name);
        fs::write(&partial, serde_json::to_vec_pretty(description)?)
            .and_then(|()| fs::rename(&partial, self.0))
            .with_context(|| self.0.display().to_string())
    }
}

impl Drop for ReadyFile<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.0);
    }
}

struct Summary<'a>(&'a Description, BlockTime);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(chain, block_time) = self;
        writeln!(f, "A local Base Sepolia (chain {}) at {}", chain.chain_id, chain.rpc_url)?;
        writeln!(f, "  blocks      {block_time}{}", if *block_time == BlockTime::Auto { "" } else { " s" })?;
        writeln!(f, "  USDC        {}", chain.usdc)?;
        writeln!(f, "  Multicall3  {}", chain.multicall3)?;
        writeln!(
            f,
            "  accounts    {}, of which {} hold 1,000,000 USDC",
            chain.accounts.len(),
            chain.buyers().len()
        )?;
        write!(f, "Ctrl-C ends it.")
    }
}

/// Tells the person at the terminal; stdout is left to data.
pub(crate) fn say(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
