use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use x402::{Address, SigningKey};
use x402_facilitator::Facilitator;
use x402_gate::{GateConfig, Ledger, Meter, UnpaidLimit};

use crate::{
    Deployment, StartError, keygen,
    keys::{KeyFile, Secret},
};

/// What a service may use while it builds its routes.
#[derive(Clone)]
pub struct Context {
    pub(crate) program: &'static str,
    pub(crate) deployment: Deployment,
    pub(crate) facilitator: Arc<dyn Facilitator>,
    pub(crate) selling: Option<Selling>,
    pub(crate) background: Background,
}

/// What a service sells with.
#[derive(Clone, Debug)]
pub struct Selling {
    /// Where payments are recorded, and what handlers recorded with their answers ([`Ledger::attachments`]).
    pub ledger: Ledger,
    /// Who is paid.
    pub pay_to: Address,
    /// The origin that buyers see, without a trailing slash.
    pub public_url: String,
    /// Where the ledger is. A service's own tables go into a SQLite file of their own, since a ledger's file has one writer,
    /// or into a schema of their own of the same Postgres database.
    pub database_url: String,
    pub(crate) config: GateConfig,
    /// The key of channels, where they are offered.
    pub(crate) channel_key: Option<SigningKey>,
}

impl Selling {
    /// A limit of its own for something free: so many requests of a client a second, ten times that at once. None where the
    /// operator limits no clients.
    #[must_use]
    pub fn meter(&self, per_second: u32) -> Option<Meter> {
        let limit = self.config.unpaid_limit.clone()?;
        Some(Meter::new(UnpaidLimit { per_second, burst: per_second.saturating_mul(10), ..limit }))
    }
}

/// Tasks that run beside the serving.
#[derive(Clone, Debug, Default)]
pub(crate) struct Background {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Context {
    /// Where the service is deployed.
    #[must_use]
    pub const fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// Who verifies and settles payments.
    #[must_use]
    pub fn facilitator(&self) -> Arc<dyn Facilitator> {
        Arc::clone(&self.facilitator)
    }

    /// What this service sells with.
    ///
    /// # Errors
    /// [`StartError`] in a service that sells nothing.
    pub fn selling(&self) -> Result<&Selling, StartError> {
        let nothing = StartError::failed("reading what this service sells with");
        self.selling.as_ref().ok_or_else(|| nothing("it serves a router without prices"))
    }

    /// Runs a task beside the serving: what follows the ledger, keeps a browser, refreshes a cache. It is asked to stop once
    /// the last request is answered and the last paid work has ended, and has what is left of the grace to do so.
    pub fn spawn<F>(&self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.background.stop.clone();
        let task = tokio::spawn(task(stop.clone()));
        self.background.tasks.spawn(async move {
            match task.await {
                Ok(()) if stop.is_cancelled() => tracing::debug!(task = name, "ended"),
                Ok(()) => tracing::warn!(task = name, "a background task has ended"),
                Err(error) => tracing::error!(task = name, %error, "a background task has ended"),
            }
        });
    }

    /// Reads a secret key. On the devnet a missing one is made, mode 0600.
    ///
    /// # Errors
    /// [`StartError::Config`] when the file is no key, or, on a public network, is missing: then it names the command that
    /// makes it.
    pub fn secret(&self, file: &KeyFile) -> Result<Secret, StartError> {
        let secret = match self.deployment {
            Deployment::Devnet => file.read_or_create(),
            Deployment::Base | Deployment::BaseSepolia => file.read(),
        };
        secret.map_err(|error| {
            error.with_hint(|path| {
                format!("{} makes it; back it up like money", keygen::command(self.program, path))
            })
        })
    }
}

/// However long the rest of the stop took, a task may still write down where it was.
const LEAST_GRACE: Duration = Duration::from_secs(1);

impl Background {
    /// Asks the tasks to stop, and waits until they have, or the grace is over.
    pub(crate) async fn end(self, grace: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(grace.max(LEAST_GRACE), self.tasks.wait()).await.is_err() {
            tracing::warn!(running = self.tasks.len(), "background tasks still ran at the end of the grace");
        }
    }
}
