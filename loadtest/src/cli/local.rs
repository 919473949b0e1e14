use std::{
    fs,
    io::{Write, stderr, stdout},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use devnet::{BlockTime, Faults};
use loadtest::{
    Estimate, connect,
    local::{Local, LocalOptions, Services},
    output::{Live, Text},
    plan::PlanArgs,
    run,
    wallets::fund,
};

use super::{
    exit,
    results::Outputs,
    run::{interrupted, read_plan},
};

/// Every service on a chain of this machine, started for the run and ended after it.
#[derive(Args)]
pub(super) struct LocalRun {
    /// A plan, TOML; the services are its targets.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    args: PlanArgs,
    /// The list of services.
    #[arg(long, value_name = "FILE", default_value = "deploy/services.toml")]
    services: PathBuf,
    /// Only these of them.
    #[arg(long, value_name = "PROGRAM")]
    only: Vec<String>,
    /// Seconds between blocks, or `auto`: a block per transaction.
    #[arg(long, value_name = "SECONDS|auto", default_value_t = BlockTime::Seconds(2))]
    block_time: BlockTime,
    /// What goes wrong between the services and the chain, such as `429=0.02,stale(2)=0.05`.
    #[arg(long, value_name = "FAULTS")]
    fault_rpc: Option<Faults>,
    /// What goes wrong between the services and their facilitator, such as `502@/settle=0.05`.
    #[arg(long, value_name = "FAULTS")]
    fault_facilitator: Option<Faults>,
    /// Where the services keep logs and ledgers; what an earlier run left there is removed.
    #[arg(long, value_name = "FOLDER", default_value = "data/loadtest")]
    folder: PathBuf,
    #[command(flatten)]
    outputs: Outputs,
}

impl LocalRun {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let file = read_plan(self.plan.as_deref())?;
        let local = Local::start(self.options()?).await?;
        let args = PlanArgs {
            targets: local.targets(),
            rpc: Some(local.rpc_url().parse()?),
            ..self.args.over(file)
        };
        let plan = args.plan()?;
        let secret = local.secret()?;
        let buyers = secret.buyers(plan.buyers)?;
        let estimate = Estimate::of(&plan, connect(&plan).await?.as_ref(), &buyers).await?;
        if let Some(node) = connect(&plan).await? {
            fund(&node, secret.funder(), &buyers, estimate.each).await?;
        }
        let result = run(&plan, buyers, &mut Live::default(), interrupted()).await?;
        self.outputs.write(&result)?;
        writeln!(stdout(), "{}", Text(&result))?;
        for (fault, count) in local.inflicted() {
            writeln!(stderr(), "inflicted {count} times: {fault}")?;
        }
        Ok(exit::verdict(&result))
    }

    fn options(&self) -> anyhow::Result<LocalOptions> {
        let text = fs::read_to_string(&self.services).with_context(|| self.services.display().to_string())?;
        let mut services = Services::from_toml(&text)?;
        services.services.retain(|service| self.only.is_empty() || self.only.contains(&service.program));
        let _ = fs::remove_dir_all(&self.folder);
        fs::create_dir_all(&self.folder).with_context(|| self.folder.display().to_string())?;
        let here = std::env::current_exe()?;
        Ok(LocalOptions {
            services,
            programs: here.parent().context("a folder of programs")?.to_owned(),
            folder: self.folder.canonicalize()?,
            block_time: self.block_time,
            rpc_faults: self.fault_rpc.clone(),
            facilitator_faults: self.fault_facilitator.clone(),
        })
    }
}
