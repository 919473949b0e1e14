use std::{
    fs,
    io::{Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use loadtest::{
    Estimate, connect,
    output::{Live, Text},
    plan::PlanArgs,
    run,
};
use tokio_util::sync::CancellationToken;
use x402::Address;

use super::{exit, results::Outputs, wallet_args::WalletArgs};

/// A plan by flags, by a file, or by both: flags win.
#[derive(Args)]
pub(super) struct Run {
    /// A plan, TOML; its keys are named as the flags are.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    args: PlanArgs,
    #[command(flatten)]
    wallet: WalletArgs,
    #[command(flatten)]
    outputs: Outputs,
    /// Only print what it would cost, and whether the buyers can pay that.
    #[arg(long)]
    dry_run: bool,
    /// An account that settles for the seller: refuse to start where it cannot pay the gas. Several are several flags.
    #[arg(long = "signer", value_name = "ADDRESS")]
    signers: Vec<Address>,
}

impl Run {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let file = read_plan(self.plan.as_deref())?;
        let plan = self.args.over(file).plan()?;
        let buyers = match plan.pays() {
            true => self.wallet.required()?.buyers(plan.buyers)?,
            false => Vec::new(),
        };
        let node = connect(&plan).await?;
        let estimate = Estimate::of(&plan, node.as_ref(), &buyers).await?;
        if self.dry_run {
            writeln!(stdout(), "{estimate}")?;
        }
        estimate.check(buyers.len())?;
        if let Some(node) = &node {
            estimate.check_signers(node, &self.signers).await?;
        }
        if self.dry_run {
            return Ok(ExitCode::SUCCESS);
        }
        let result = run(&plan, buyers, &mut Live::default(), interrupted()).await?;
        self.outputs.write(&result)?;
        writeln!(stdout(), "{}", Text(&result))?;
        Ok(exit::verdict(&result))
    }
}

/// A plan's file; nothing without one.
pub(super) fn read_plan(path: Option<&Path>) -> anyhow::Result<PlanArgs> {
    let Some(path) = path else { return Ok(PlanArgs::default()) };
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    PlanArgs::from_toml(&text).with_context(|| path.display().to_string())
}

/// Cancelled by Ctrl-C: nothing more starts, and what was bought is audited. A second one ends the program.
pub(super) fn interrupted() -> CancellationToken {
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            cancel.cancel();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
    stop
}
