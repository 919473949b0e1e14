//! Calls that are paid from channels, by the buyer's own client: a channel for each buyer and seller, which its first call
//! opens and the end of the run closes.
//!
//! The client's ledger is a file that goes with the run, in memory where the system has a place for that: a channel follows
//! from the buyer's key and the seller's offer, so that the next run finds what a killed one left.

use std::{collections::BTreeMap, io, path::Path};

use futures_util::{StreamExt, stream};
use tempfile::TempDir;
use x402::{Address, B256, ChannelConfig, ChannelId, Usdc};
use x402_buyer::{
    Budgets, Chain, ChainError, LedgerError, Policy, Request, SpendLedger, Terms, Wallet,
    channel::{ChannelAnswer, ChannelClient, ChannelError},
};

use crate::{
    plan::{Plan, Scheme},
    preflight::Estimate,
    sample::Answer,
};

/// Where Linux keeps files in memory.
const IN_MEMORY: &str = "/dev/shm";
/// How many channels are closed at once.
const AT_ONCE: usize = 8;

/// The channels of a run.
pub(crate) struct Channels {
    clients: Vec<ChannelClient>,
    /// Target by target: price, and what a buyer's first call deposits.
    terms: Vec<(Usdc, Usdc)>,
    /// Which buyer's each channel is, and which seller's.
    known: BTreeMap<ChannelId, (usize, Address)>,
    _folder: TempDir,
}

/// Why there are no channels to pay from.
#[derive(Debug, thiserror::Error)]
pub enum ChannelsError {
    /// The clients' ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The folder of that.
    #[error("the ledger of the channels: {0}")]
    Io(#[from] io::Error),
    /// The HTTP client.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl Channels {
    /// Prepares what a plan pays from channels; `None` where it pays for nothing that way.
    pub(crate) async fn prepare(
        plan: &Plan,
        estimate: &Estimate,
        buyers: &[Wallet],
    ) -> Result<Option<Self>, ChannelsError> {
        let by_channel = |scheme| scheme == Scheme::BatchSettlement;
        let (true, Some(rpc)) = (plan.targets.iter().any(|target| by_channel(target.scheme)), &plan.rpc)
        else {
            return Ok(None);
        };
        let network = plan.deployment.network();
        let folder = Path::new(IN_MEMORY);
        let folder = if folder.is_dir() { TempDir::new_in(folder)? } else { TempDir::new()? };
        let ledger = SpendLedger::open(&folder.path().join("channels.db")).await?;
        let chain = Chain::connect(rpc.as_str(), network).await?;
        // What may be spent is the plan's budget, which each call is taken from before it is signed.
        let policy =
            Policy { budgets: Budgets::unlimited(), patience: plan.patience, ..Policy::new(network) };
        let clients = buyers
            .iter()
            .map(|wallet| ChannelClient::new(wallet.clone(), ledger.clone(), policy.clone(), chain.clone()));
        let mut known = BTreeMap::new();
        for (target, priced) in plan.targets.iter().zip(&estimate.targets) {
            let Some(offer) = priced.offer.as_ref().filter(|_| by_channel(target.scheme)) else { continue };
            for (index, buyer) in buyers.iter().enumerate() {
                let config = ChannelConfig::accepting(&offer.requirements, buyer.address(), B256::ZERO);
                known.extend(config.map(|config| (config.id(network), (index, config.receiver))));
            }
        }
        let terms = estimate.targets.iter().map(|target| (target.price, estimate.share(target))).collect();
        let clients = clients.collect::<Result<_, _>>()?;
        Ok(Some(Self { clients, terms, known, _folder: folder }))
    }

    /// Every channel that may come into use, and who is paid from it.
    pub(crate) fn known(&self) -> Vec<(ChannelId, Address)> {
        self.known.iter().map(|(id, (_, seller))| (*id, *seller)).collect()
    }

    /// The most that a call of a target costs.
    pub(crate) fn price(&self, target: usize) -> Usdc {
        self.terms.get(target).map(|terms| terms.0).unwrap_or_default()
    }

    /// Makes one call.
    pub(crate) async fn send(
        &self,
        target: usize,
        buyer: usize,
        request: &Request,
    ) -> Result<ChannelAnswer, Answer> {
        let deposit = self.terms.get(target).map(|terms| terms.1).unwrap_or_default();
        let sent = self.clients[buyer].send(request, &Terms::default(), deposit).await;
        sent.map_err(|error| told(&error))
    }

    /// Asks the sellers for what is left in every channel that was used. Those that stay open are told, with the reason.
    pub(crate) async fn close(&self) -> Vec<(ChannelId, String)> {
        let closed = stream::iter(&self.known).map(|(id, (buyer, _))| async move {
            match self.clients[*buyer].close(*id).await {
                Ok(_) | Err(ChannelError::NoSuchChannel(_)) => None,
                Err(error) => Some((*id, error.to_string())),
            }
        });
        closed.buffer_unordered(AT_ONCE).filter_map(|open| async { open }).collect().await
    }
}

/// In few enough words to be counted by.
fn told(error: &ChannelError) -> Answer {
    match error {
        ChannelError::Refused { status, reason, .. } => Answer::Refused(format!("{status} {reason}")),
        ChannelError::Dishonest { what, .. } => Answer::Refused((*what).to_owned()),
        ChannelError::Unresolved { last, .. } => Answer::Unclear(last.clone()),
        ChannelError::Unreachable(_) => Answer::Unclear("unreachable".to_owned()),
        error => Answer::Refused(error.to_string()),
    }
}
