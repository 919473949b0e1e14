use std::{
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr},
};

use clap::Args;
use devnet::{FaultProxy, Faults};

use super::{Signals, say};

const FAULTS: &str = "\
Faults: a list with commas of FAULT[(ARGUMENT)][@SCOPE][=WHEN]

  drop           close the connection and forward nothing
  drop-after     forward, and close the connection instead of an answer
  delay(200ms)   answer so much later
  429, 429(5)    turn away, with Retry-After in seconds
  502, 504       forward, and answer a gateway's error
  garbage        forward, and answer what is no JSON
  stale(3)       JSON-RPC: answer as of so many blocks ago
  swap           hold an answer until another was given; swap(500ms) at most so long
  twice, retry   forward twice, and give the first answer or the second
  replay         give the last answer to the same request again
  gone(2s)       forward, then break all connections and refuse new ones for so long

SCOPE is a path such as /settle, or a JSON-RPC method such as eth_call. WHEN is a probability from 0 to 1, every:N or
next:N; without it always. The first that fires decides. `seed=N` in the list is for the probabilities.";

#[derive(Args)]
#[command(after_help = FAULTS)]
pub(super) struct Proxy {
    /// The server to stand before.
    #[arg(long, value_name = "URL")]
    target: String,
    /// Where to listen; port 0 for a free one.
    #[arg(long, value_name = "ADDRESS", default_value_t = (Ipv4Addr::LOCALHOST, 0).into())]
    listen: SocketAddr,
    /// What to do, such as `502@/settle=next:1,drop=0.01`. Nothing if empty.
    #[arg(long, value_name = "FAULTS", default_value = "")]
    faults: Faults,
    /// Makes another run the same. Goes before a seed in the list.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

impl Proxy {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let mut signals = Signals::catch()?;
        let faults = Faults { seed: self.seed.unwrap_or(self.faults.seed), ..self.faults };
        say(format_args!("Faults: {faults}. Ctrl-C ends them."));
        let proxy = FaultProxy::start_at(self.listen, &self.target, faults)?;
        writeln!(io::stdout().lock(), "{}", proxy.url())?;
        signals.any().await;
        say(proxy.counts());
        Ok(())
    }
}
