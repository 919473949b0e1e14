//! What a service serves: priced routes, which take a gate and a ledger, or a plain router, which does not.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use clap::Args;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use x402_gate::{ChannelSettings, Gate, GateConfig, Ledger, LedgerError, Routes};

use crate::{
    StartError,
    args::{Deployment, NoArgs, Remote, SellingArgs},
    chain::{ChainSide, signers},
    context::Selling,
    documents::{self, Catalogue},
    receipts, refunds,
    server::not_found,
};

/// What [`run`](crate::run) can serve: [`Routes`] with prices, or an [`axum::Router`] without. Nothing else implements it.
pub trait Offering: Sized {
    /// The configuration that it takes.
    #[doc(hidden)]
    type Args: Args;
    /// What it sells with; nothing where nothing is sold.
    #[doc(hidden)]
    type Shop: Clone + Into<Option<Selling>>;

    /// The remote facilitator, where the configuration names one.
    #[doc(hidden)]
    fn remote(args: &Self::Args) -> Option<Remote<'_>>;

    /// Opens the ledger, before the routes are built: they may use it.
    #[doc(hidden)]
    fn open(args: Self::Args, place: Place) -> impl Future<Output = Result<Self::Shop, StartError>>;

    /// Makes it a router.
    #[doc(hidden)]
    fn mount(self, shop: Self::Shop, ground: Ground) -> Result<Mounted, StartError>;
}

/// Which service this is, and where.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) version: &'static str,
    pub(crate) deployment: Deployment,
    pub(crate) address: SocketAddr,
}

/// What an offering is mounted on.
#[doc(hidden)]
pub struct Ground {
    pub(crate) place: Place,
    pub(crate) side: ChainSide,
    pub(crate) stop: CancellationToken,
}

/// An offering ready to serve.
#[doc(hidden)]
pub struct Mounted {
    pub(crate) router: Router,
    pub(crate) till: Option<Till>,
}

/// Where the money of a selling service is looked after.
pub(crate) struct Till {
    pub(crate) gate: Gate,
    reconciler: JoinHandle<()>,
    claims: JoinHandle<()>,
    /// Asks the claims to take what is left, once nothing is served any more.
    last_call: CancellationToken,
}

/// The shop of a service that sells nothing.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct NoShop;

impl From<NoShop> for Option<Selling> {
    fn from(_: NoShop) -> Self {
        None
    }
}

impl Offering for Router {
    type Args = NoArgs;
    type Shop = NoShop;

    fn remote(_: &NoArgs) -> Option<Remote<'_>> {
        None
    }

    async fn open(_: NoArgs, _: Place) -> Result<NoShop, StartError> {
        Ok(NoShop)
    }

    fn mount(self, _: NoShop, _: Ground) -> Result<Mounted, StartError> {
        Ok(Mounted { router: self.fallback(not_found), till: None })
    }
}

impl Offering for Routes {
    type Args = SellingArgs;
    type Shop = Selling;

    fn remote(args: &SellingArgs) -> Option<Remote<'_>> {
        args.remote()
    }

    async fn open(args: SellingArgs, place: Place) -> Result<Selling, StartError> {
        let Place { name, about, deployment, address, .. } = place;
        let public_url = args.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let mut config = GateConfig::new(name, deployment.network(), args.pay_to, &public_url);
        about.clone_into(&mut config.about);
        config.answer_retention = args.answer_retention;
        config.payer_in_flight = args.payer_in_flight;
        config.unsafe_limit = args.unsafe_limit;
        config.unpaid_limit = args.unpaid_limit();
        config.refunds = refunds::load(name, deployment, &args)?;
        config.receipts = Some(Arc::new(receipts::load(name, deployment, &args, &config)?));
        let SellingArgs { pay_to, database_url, channel_key_file, .. } = args;
        let channel_key = channel_key_file.as_ref().map(signers::channel_key).transpose()?;
        let ledger = Ledger::open(&database_url, config.network, pay_to)
            .await
            .map_err(|error| ledger_error(&database_url, error))?;
        Ok(Selling { ledger, pay_to, public_url, database_url, config, channel_key })
    }

    fn mount(self, shop: Selling, ground: Ground) -> Result<Mounted, StartError> {
        let Ground { place: Place { name, about, version, deployment, .. }, side, stop } = ground;
        let Selling { ledger, pay_to, public_url, config, channel_key, .. } = shop;
        let routes = self.table().cloned().collect();
        let catalogue = Catalogue { name, about, version, deployment, pay_to, public_url, routes };
        let gate = match channel_key {
            None => Gate::new(config, ledger, side.facilitator, side.chain),
            Some(key) => {
                tracing::info!(authorizer = %key.address(), "selling from channels too");
                let settings = ChannelSettings::new(deployment.network(), deployment == Deployment::Devnet);
                Gate::with_channels(config, ledger, side.facilitator, side.chain, key, settings)
                    .map_err(StartError::failed("setting up channels"))?
            }
        };
        let app = gate.mount(self).map_err(StartError::failed("mounting the routes"))?;
        let reconciler = gate.spawn_reconciler(stop);
        let last_call = CancellationToken::new();
        let claims = gate.spawn_claims(last_call.clone());
        tracing::info!(%pay_to, public_url = catalogue.public_url, "selling");
        // A service's own route wins over the document of the same path.
        let documents = documents::router(&catalogue).fallback(not_found);
        Ok(Mounted {
            router: app.fallback_service(documents),
            till: Some(Till { gate, reconciler, claims, last_call }),
        })
    }
}

/// However long the work took, there is time for one claim.
const LEAST_CLAIM: Duration = Duration::from_secs(5);

impl Till {
    /// Waits, at most `grace`, until running work has ended.
    pub(crate) async fn drain(&mut self, grace: Duration) {
        self.gate.drain(grace).await;
        // A reconciler that panicked has nothing left to wait for.
        let _ = (&mut self.reconciler).await;
        self.last_call.cancel();
        if tokio::time::timeout(grace.max(LEAST_CLAIM), &mut self.claims).await.is_err() {
            tracing::warn!("what channels owe is claimed after the next start");
        }
    }

    /// Closes the ledger: nothing is left half written.
    pub(crate) async fn close(self) {
        self.gate.ledger().close().await;
    }
}

fn ledger_error(url: &str, error: LedgerError) -> StartError {
    match error {
        LedgerError::UnsupportedUrl(_) => {
            StartError::config(error.to_string(), "set --database-url or DATABASE_URL")
        }
        LedgerError::OtherOwner(_) | LedgerError::InUse(_) => {
            StartError::config(error.to_string(), "set --database-url or DATABASE_URL to a ledger of its own")
        }
        LedgerError::NotDurable(_) => {
            StartError::config(error.to_string(), "turn fsync and synchronous_commit on")
        }
        other => StartError::failed(format!("opening the ledger {}", without_credentials(url)))(other),
    }
}

/// A URL for a log: what stands before the host may be a password.
fn without_credentials(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{place}"),
        _ => url.to_owned(),
    }
}
