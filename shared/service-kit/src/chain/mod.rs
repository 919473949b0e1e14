//! The chain side of a service: who settles, who watches, and what is refused until the chain is known.

mod guard;
mod signers;
mod watch;

use std::{sync::Arc, time::Duration};

use x402::Address;
use x402_facilitator::{
    Chain, DomainError, Facilitator, Mismatch, OnchainFacilitator, RemoteFacilitator, RemoteSettings,
};

use self::guard::Guarded;
pub(crate) use self::{
    guard::DomainCheck,
    watch::{ChainHealth, ChainWatch},
};
use crate::{
    StartError,
    args::{ChainArgs, Remote},
};

/// How long start-up waits for the RPC before it goes on without.
const FIRST_CHECK: Duration = Duration::from_secs(5);

/// A chain and a facilitator on it. Nothing is verified or settled before the chain has proven to be the right one.
#[derive(Clone)]
pub(crate) struct ChainSide {
    pub(crate) chain: Arc<Chain>,
    pub(crate) facilitator: Arc<dyn Facilitator>,
    /// Whose gas is watched; none with a remote facilitator.
    pub(crate) signers: Vec<Address>,
    pub(crate) domain: DomainCheck,
}

impl ChainSide {
    /// Sets up the embedded facilitator, or the remote one, and asks the chain for the first time.
    pub(crate) async fn open(
        program: &str,
        args: &ChainArgs,
        remote: Option<Remote<'_>>,
    ) -> Result<Self, StartError> {
        let chain = Chain::new(args.network.network(), args.rpc_url.clone())
            .map_err(StartError::failed("setting up the RPC client"))?;
        let (facilitator, signers) = match remote {
            Some(remote) => (remote_facilitator(remote, &chain)?, Vec::new()),
            None => embedded_facilitator(program, args, &chain)?,
        };
        let domain = DomainCheck::default();
        first_check(&chain, &domain).await?;
        let facilitator = Arc::new(Guarded::new(facilitator, domain.clone()));
        Ok(Self { chain: Arc::new(chain), facilitator, signers, domain })
    }
}

fn remote_facilitator(remote: Remote<'_>, chain: &Chain) -> Result<Arc<dyn Facilitator>, StartError> {
    let Remote { url, timeout } = remote;
    tracing::info!(facilitator = %url, "settling through a remote facilitator");
    let settings = RemoteSettings { settle_timeout: timeout, ..RemoteSettings::default() };
    let remote = RemoteFacilitator::new(url.clone(), chain.clone(), settings);
    Ok(Arc::new(remote.map_err(StartError::failed("setting up the facilitator's client"))?))
}

fn embedded_facilitator(
    program: &str,
    args: &ChainArgs,
    chain: &Chain,
) -> Result<(Arc<dyn Facilitator>, Vec<Address>), StartError> {
    let keys = signers::load(program, args)?;
    let signers: Vec<_> = keys.iter().map(x402::SigningKey::address).collect();
    for signer in &signers {
        tracing::info!(%signer, "settling with a signer of our own");
    }
    let facilitator = OnchainFacilitator::new(chain.clone(), keys)
        .map_err(|error| StartError::config(error.to_string(), "set --signer-key-file"))?;
    Ok((Arc::new(facilitator), signers))
}

/// A wrong chain ends the start. A silent one does not: the watch keeps asking.
async fn first_check(chain: &Chain, domain: &DomainCheck) -> Result<(), StartError> {
    match tokio::time::timeout(FIRST_CHECK, chain.check_domain()).await {
        Ok(Ok(())) => domain.pass(),
        Ok(Err(DomainError::Mismatch(mismatch))) => return Err(wrong_chain(mismatch)),
        Ok(Err(DomainError::Unreachable(error))) => {
            tracing::warn!(%error, "not ready: the chain is not known yet");
        }
        Err(_) => tracing::warn!("not ready: the RPC is slow to answer"),
    }
    Ok(())
}

/// The error of a service that was pointed at another chain than its network's.
pub(crate) fn wrong_chain(mismatch: Mismatch) -> StartError {
    let hint =
        "X402_RPC_URL must serve the network that X402_NETWORK names; `devnet up` starts one of this machine";
    StartError::config(mismatch.to_string(), hint)
}
