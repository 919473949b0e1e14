//! Every service of this repository on a chain of this machine, for a run that needs nothing and leaves nothing.

mod process;
mod services;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use devnet::{BlockTime, Devnet, DevnetError, FaultProxy, Faults, Options};
use x402::{Address, SigningKey};

use crate::{
    plan::TargetArgs,
    wallets::{Secret, SecretError},
};
use process::Process;
use services::Started;

pub use process::ProcessError;
pub use services::{Service, ServiceTarget, Services};

/// How a local run is set up.
#[derive(Clone, Debug)]
pub struct LocalOptions {
    /// Which services.
    pub services: Services,
    /// The folder of their programs.
    pub programs: PathBuf,
    /// Where they keep what they keep.
    pub folder: PathBuf,
    /// Seconds between blocks.
    pub block_time: BlockTime,
    /// What goes wrong between the services and the chain.
    pub rpc_faults: Option<Faults>,
    /// What goes wrong between the services and their facilitator, which is then a process of its own.
    pub facilitator_faults: Option<Faults>,
}

/// A chain and the services on it. All of it ends when it is dropped.
#[derive(Debug)]
pub struct Local {
    // The order in which they end: whoever uses another one first.
    _services: Vec<Process>,
    facilitator_proxy: Option<FaultProxy>,
    _facilitator: Option<Process>,
    rpc_proxy: Option<FaultProxy>,
    chain: Devnet,
    targets: Vec<TargetArgs>,
}

/// Why a local run cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The chain, or a proxy.
    #[error(transparent)]
    Devnet(#[from] DevnetError),
    /// A service.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The chain has six accounts with ether.
    #[error(
        "settling for {0} services, and claiming from channels, takes more than the local chain's six signers"
    )]
    TooMany(usize),
    /// The buyers.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl Local {
    /// Starts everything; returns when every service says that it is ready.
    ///
    /// # Errors
    /// [`LocalError`], with the end of the log of a service that does not start.
    pub async fn start(options: LocalOptions) -> Result<Self, LocalError> {
        let chain = Devnet::start(Options { block_time: options.block_time, ..Options::default() }).await?;
        let rpc_proxy = options.rpc_faults.clone().map(|faults| FaultProxy::start(chain.rpc_url(), faults));
        let rpc_proxy = rpc_proxy.transpose()?;
        let rpc_url = rpc_proxy.as_ref().map_or_else(|| chain.rpc_url().to_owned(), FaultProxy::url);
        let mut signers = chain.description().signers().iter();
        let services = options.services.services.len();
        let mut key = || signers.next().ok_or(LocalError::TooMany(services));

        let (mut facilitator, mut facilitator_proxy) = (None, None);
        if let Some(faults) = options.facilitator_faults.clone() {
            // The facilitator's own way to the chain is good: what goes wrong here is between it and the services.
            let start = launch(&options, "facilitator").env("X402_RPC_URL", chain.rpc_url());
            let process = start.secret("X402_SIGNER_KEY_FILE", &key()?.private_key)?.start().await?;
            facilitator_proxy = Some(FaultProxy::start(process.origin(), faults)?);
            facilitator = Some(process);
        }
        let (mut processes, mut targets, mut started) = (Vec::new(), Vec::new(), Started::default());
        for service in &options.services.services {
            let start = launch(&options, &service.program).env("X402_RPC_URL", &rpc_url);
            let start = start.env("X402_PAY_TO", &service.payee(&chain).to_string());
            let environment = service.environment.iter();
            let start = environment.fold(start, |start, (name, value)| start.env(name, &started.fill(value)));
            let start = match &facilitator_proxy {
                Some(proxy) => start.env("X402_FACILITATOR_URL", &proxy.url()),
                None => start.secret("X402_SIGNER_KEY_FILE", &key()?.private_key)?,
            };
            // A channel belongs to one ledger, so its key to one service.
            let start = match service.sells_from_channels() {
                true => start.secret("X402_CHANNEL_KEY_FILE", &key()?.private_key)?,
                false => start,
            };
            let process = start.start().await?;
            targets.extend(service.targets(process.origin(), &started));
            started.add(&service.program, process.origin());
            processes.push(process);
        }
        let (_services, _facilitator) = (processes, facilitator);
        Ok(Self { _services, facilitator_proxy, _facilitator, rpc_proxy, chain, targets })
    }

    /// What the services sell, for a plan.
    #[must_use]
    pub fn targets(&self) -> Vec<TargetArgs> {
        self.targets.clone()
    }

    /// The chain, without faults.
    #[must_use]
    pub fn rpc_url(&self) -> &str {
        self.chain.rpc_url()
    }

    /// Who funds the buyers: an account of the local chain that everybody knows.
    ///
    /// # Errors
    /// [`LocalError::Secret`] never happens with this chain's keys.
    pub fn secret(&self) -> Result<Secret, LocalError> {
        let key = SigningKey::from_bytes(&self.chain.buyer(0).private_key.0);
        let key = key.map_err(|_| SecretError::Content("the local chain".to_owned()))?;
        Ok(Secret::from_key(key)?)
    }

    /// What went wrong, as it was told to.
    #[must_use]
    pub fn inflicted(&self) -> Vec<(String, u64)> {
        let proxies = [("facilitator", &self.facilitator_proxy), ("chain", &self.rpc_proxy)];
        let counts = proxies.into_iter().filter_map(|(name, proxy)| Some((name, proxy.as_ref()?.counts())));
        counts
            .flat_map(|(name, counts)| {
                counts.faults.into_iter().map(move |(fault, count)| (format!("{name}: {fault:?}"), count))
            })
            .collect()
    }
}

fn launch(options: &LocalOptions, program: &str) -> process::Launch {
    let program = Path::new(program);
    process::Launch::new(
        &options.programs.join(program),
        &options.folder.join(program),
        Duration::from_secs(60),
    )
    .env("X402_NETWORK", "devnet")
}

impl Service {
    fn payee(&self, chain: &Devnet) -> Address {
        let pay_to = chain.pay_to();
        match self.pay_to {
            services::Role::Rng => pay_to.rng,
            services::Role::Scraper => pay_to.scraper,
            services::Role::Persona => pay_to.persona,
        }
    }
}
