use std::{
    io::{Write, stdout},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use loadtest::{ceiling, output::Text, plan::ChallengeMode};

use super::results::Outputs;

/// `ceiling`.
#[derive(Args)]
pub(super) struct Ceiling {
    /// How long, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    seconds: u64,
    /// How many customers wait for their answers at once.
    #[arg(long, default_value_t = 64)]
    customers: u32,
    /// Whether every call asks for its price first: then a call is two requests.
    #[arg(long, default_value = "once")]
    challenge: ChallengeMode,
    #[command(flatten)]
    outputs: Outputs,
}

impl Ceiling {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let duration = Duration::from_secs(self.seconds.max(1));
        let result = ceiling(self.customers.max(1), duration, self.challenge).await?;
        self.outputs.write(&result)?;
        writeln!(stdout(), "{}", Text(&result))?;
        Ok(ExitCode::SUCCESS)
    }
}
