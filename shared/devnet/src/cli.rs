mod proxy;
mod up;

use std::{fmt, io, io::Write as _};

use clap::{Parser, Subcommand};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A Base Sepolia on this machine: anvil, test USDC, funded accounts, faults.
#[derive(Parser)]
#[command(name = "devnet", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the chain and keep it until Ctrl-C or SIGTERM.
    Up(up::Up),
    /// Stand before an RPC or a facilitator and misbehave, until Ctrl-C or SIGTERM. Writes its own URL to stdout.
    Proxy(proxy::Proxy),
}

impl Cli {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Up(up) => up.run().await,
            Command::Proxy(proxy) => proxy.run().await,
        }
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

/// Tells the person at the terminal; stdout is left to data.
pub(crate) fn say(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
