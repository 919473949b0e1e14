use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context as _, bail};
use clap::Args;
use devnet::{BlockTime, Description, Devnet, FaultProxy, Faults, Options};

use super::{Signals, say};

#[derive(Args)]
pub(super) struct Up {
    /// The port on 127.0.0.1; 0 for a free one.
    #[arg(long, default_value_t = 8545)]
    port: u16,
    /// Seconds between blocks, or `auto`: a block per transaction.
    #[arg(long, default_value_t = BlockTime::Seconds(2), value_name = "SECONDS|auto")]
    block_time: BlockTime,
    /// Where to write addresses and keys as JSON once the chain serves; removed when it ends.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Also serve through a proxy that does this, such as `drop-after=0.05,429=0.02,seed=7`; its address stands in the ready
    /// file as `faulty_rpc_url`. `devnet proxy --help` has the list.
    #[arg(long, value_name = "FAULTS")]
    fault_rpc: Option<Faults>,
}

impl Up {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let mut signals = Signals::catch()?;
        let ready = self.ready_file.as_deref().map(ReadyFile::claim).transpose()?;
        let options = Options { port: Some(self.port), block_time: self.block_time, ..Options::default() };
        let mut devnet = tokio::select! {
            started = Devnet::start(options) => started?,
            () = signals.any() => return Ok(()),
        };
        let proxy = self.fault_rpc.map(|faults| FaultProxy::start(devnet.rpc_url(), faults)).transpose()?;
        let description = Description {
            faulty_rpc_url: proxy.as_ref().map(FaultProxy::url),
            ..devnet.description().clone()
        };
        if let Some(ready) = &ready {
            ready.write(&description)?;
        }
        say(Summary(&description, self.block_time));
        tokio::select! {
            ended = devnet.ended() => ended?,
            () = signals.any() => return Ok(devnet.stop().await?),
        }
        bail!("anvil ended by itself")
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
        if let Some(faulty) = &chain.faulty_rpc_url {
            writeln!(f, "  with faults {faulty}")?;
        }
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
