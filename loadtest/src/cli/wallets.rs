use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use loadtest::{
    chain::Node,
    plan::Deployment,
    wallets::{Moved, fund, sweep},
};
use url::Url;
use x402::{Address, Usdc};
use x402_buyer::Wallet;

use super::wallet_args::WalletArgs;

/// The accounts that pay.
#[derive(Args)]
pub(super) struct Wallets {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    wallet: WalletArgs,
    /// Where they pay.
    #[arg(long, global = true, default_value = "devnet")]
    network: Deployment,
    /// JSON-RPC endpoint of that network.
    #[arg(long, global = true, env = "LOADTEST_RPC_URL", value_name = "URL", hide_env_values = true)]
    rpc: Option<Url>,
    /// How many.
    #[arg(long, global = true, default_value_t = 16)]
    buyers: u32,
}

#[derive(Subcommand)]
enum Command {
    /// What the funder and the buyers hold.
    Show,
    /// Bring every buyer up to an amount; those who have it keep what they have.
    Fund {
        /// The amount, in dollars.
        #[arg(long, value_name = "DOLLARS")]
        each: Usdc,
    },
    /// Send all that the buyers have back to the funder.
    Sweep,
}

impl Wallets {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let secret = self.wallet.required()?;
        let Some(rpc) = &self.rpc else {
            anyhow::bail!("give --rpc, the JSON-RPC endpoint of {}", self.network)
        };
        let node = Node::connect(rpc, self.network.network()).await?;
        let (funder, buyers) = (secret.funder(), secret.buyers(self.buyers)?);
        match self.command {
            Command::Show => {
                let addresses = [funder.address()].into_iter().chain(buyers.iter().map(Wallet::address));
                show(&node, addresses.collect()).await?;
            }
            Command::Fund { each } => moved(&fund(&node, funder, &buyers, each).await?)?,
            Command::Sweep => moved(&sweep(&node, funder, &buyers).await?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn show(node: &Node, accounts: Vec<Address>) -> anyhow::Result<()> {
    let balances = node.balances(&accounts, node.head().await?).await?;
    for (index, (account, balance)) in accounts.iter().zip(balances).enumerate() {
        let role = if index == 0 { "funder".to_owned() } else { format!("buyer {index}") };
        writeln!(stdout(), "{role:<10} {account}  {balance}")?;
    }
    if let Some(funder) = accounts.first() {
        writeln!(stdout(), "the funder has {} wei for gas", node.ether(*funder).await?)?;
    }
    Ok(())
}

fn moved(moved: &Moved) -> anyhow::Result<()> {
    writeln!(stdout(), "{} moved between {} accounts and the funder", moved.total, moved.accounts)?;
    for transaction in &moved.transactions {
        writeln!(stdout(), "{transaction}")?;
    }
    Ok(())
}
