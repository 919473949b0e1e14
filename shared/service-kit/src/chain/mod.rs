//! The chain side of a service: who settles, who watches, and what is refused until the chain is known.

mod guard;
pub(crate) mod signers;
mod watch;

use std::{sync::Arc, time::Duration};

use x402::{Address, SigningKey};
use x402_facilitator::{
    Chain, DomainError, Facilitator, Journal, Mismatch, NoJournal, OnchainFacilitator, OnchainSettings,
    RemoteFacilitator, RemoteSettings,
};

use x402_gate::Ledger;

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

/// A chain that was asked for the first time, and who will settle on it.
pub(crate) struct ChainStart {
    chain: Chain,
    settler: Settler,
    domain: DomainCheck,
}

enum Settler {
    Remote(Arc<dyn Facilitator>),
    Ourselves(Vec<SigningKey>),
}

impl ChainStart {
    /// Reads the signers' keys, or names the remote facilitator, and asks the chain for the first time.
    pub(crate) async fn open(
        program: &str,
        args: &ChainArgs,
        remote: Option<Remote<'_>>,
    ) -> Result<Self, StartError> {
        let chain = Chain::new(args.network.network(), args.rpc_url.clone())
            .map_err(StartError::failed("setting up the RPC client"))?;
        let settler = match remote {
            Some(remote) => Settler::Remote(remote_facilitator(remote, &chain)?),
            None => Settler::Ourselves(signers::load(program, args)?),
        };
        let domain = DomainCheck::default();
        first_check(&chain, &domain).await?;
        Ok(Self { chain, settler, domain })
    }

    /// The chain side, with transactions written down in the ledger, if there is one.
    pub(crate) fn with_ledger(self, ledger: Option<&Ledger>) -> Result<ChainSide, StartError> {
        let Self { chain, settler, domain } = self;
        let (facilitator, signers) = match settler {
            Settler::Remote(facilitator) => (facilitator, Vec::new()),
            Settler::Ourselves(keys) => embedded_facilitator(keys, &chain, ledger)?,
        };
        let facilitator = Arc::new(Guarded::new(facilitator, domain.clone()));
        Ok(ChainSide { chain: Arc::new(chain), facilitator, signers, domain })
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
    keys: Vec<SigningKey>,
    chain: &Chain,
    ledger: Option<&Ledger>,
) -> Result<(Arc<dyn Facilitator>, Vec<Address>), StartError> {
    let signers: Vec<_> = keys.iter().map(SigningKey::address).collect();
    for signer in &signers {
        tracing::info!(%signer, "settling with a signer of our own");
    }
    let settings = OnchainSettings::default();
    let facilitator = OnchainFacilitator::with_journal(chain.clone(), keys, settings, journal(ledger)?)
        .map_err(|error| StartError::config(error.to_string(), "set --signer-key-file"))?;
    facilitator.start();
    Ok((Arc::new(facilitator), signers))
}

/// Where transactions are written down before they are sent. Who sells nothing has no ledger, and must not share a signer.
fn journal(ledger: Option<&Ledger>) -> Result<Arc<dyn Journal>, StartError> {
    let Some(ledger) = ledger else { return Ok(Arc::new(NoJournal)) };
    let journal = ledger.journal().map_err(StartError::failed("setting up the journal of transactions"))?;
    Ok(Arc::new(journal))
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
