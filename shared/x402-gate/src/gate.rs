use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::Router;
use http::{Extensions, HeaderMap};
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use x402::SigningKey;
use x402_facilitator::{Chain, ChannelRelay, Facilitator, NoSigner, OnchainSettings};

use crate::{
    ChannelSettings, GateConfig, GateLayer, Ledger, LedgerError, Route, Routes,
    channel::{self, ChannelJournal, Channels},
    claims, cors, discovery,
    exposure::Exposure,
    head::LastHead,
    limits::{InFlight, Meter},
    reconcile,
    run::Handler,
    sale::Sale,
    status,
    waiters::Waiters,
};

/// The seller's side of x402, in front of the priced routes of one service. Cheap to clone.
#[derive(Clone)]
pub struct Gate(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: GateConfig,
    pub(crate) ledger: Ledger,
    pub(crate) facilitator: Arc<dyn Facilitator>,
    pub(crate) chain: Arc<Chain>,
    pub(crate) waiters: Waiters,
    pub(crate) head: LastHead,
    pub(crate) in_flight: InFlight,
    pub(crate) exposure: Exposure,
    pub(crate) unpaid: Option<Meter>,
    pub(crate) tasks: TaskTracker,
    pub(crate) channels: Option<Arc<Channels>>,
    counters: Counters,
    sold: RwLock<HashMap<String, (Arc<Sale>, Handler)>>,
}

/// Why a gate cannot sell a route.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GateError {
    /// A priced route without a price.
    #[error("the paid route {0} has no price")]
    NoPrice(&'static str),
    /// A free route with a price.
    #[error("the free route {0} has a price")]
    Priced(&'static str),
    /// A route whose method cannot be routed.
    #[error("a paid route cannot have the method {0}")]
    Method(http::Method),
    /// Two routes of one name: a payment for one would buy the other.
    #[error("{0} is there twice")]
    Twice(String),
    /// The offer does not fit a header.
    #[error("the offer cannot be written: {0}")]
    Offer(String),
}

pub(crate) struct Counters {
    pub(crate) challenges: metrics::Counter,
}

impl Gate {
    /// A gate that takes payments through `facilitator`, believes `chain`, and records in `ledger`.
    #[must_use]
    pub fn new(
        config: GateConfig,
        ledger: Ledger,
        facilitator: Arc<dyn Facilitator>,
        chain: Arc<Chain>,
    ) -> Self {
        Self::build(config, ledger, facilitator, chain, None)
    }

    /// As [`new`](Self::new), with channels offered beside exact payments. `key` is their `receiverAuthorizer`: it sends claims and
    /// refunds from its own account and pays their gas, so it belongs to this ledger alone.
    ///
    /// # Errors
    /// [`NoSigner`] never, in practice: there is a key.
    pub fn with_channels(
        mut config: GateConfig,
        ledger: Ledger,
        facilitator: Arc<dyn Facilitator>,
        chain: Arc<Chain>,
        key: SigningKey,
        settings: ChannelSettings,
    ) -> Result<Self, NoSigner> {
        let journal = Arc::new(ChannelJournal(ledger.clone()));
        let relay = ChannelRelay::new(Chain::clone(&chain), key, OnchainSettings::default(), journal)?;
        let channels = Channels::new(relay, settings);
        config.channels = Some(channels.terms());
        Ok(Self::build(config, ledger, facilitator, chain, Some(Arc::new(channels))))
    }

    fn build(
        config: GateConfig,
        ledger: Ledger,
        facilitator: Arc<dyn Facilitator>,
        chain: Arc<Chain>,
        channels: Option<Arc<Channels>>,
    ) -> Self {
        let counters = Counters { challenges: metrics::counter!("x402_challenges_total") };
        Self(Arc::new(Inner {
            unpaid: config.unpaid_limit.clone().map(Meter::new),
            config,
            ledger,
            facilitator,
            chain,
            waiters: Waiters::default(),
            head: LastHead::default(),
            in_flight: InFlight::default(),
            exposure: Exposure::default(),
            tasks: TaskTracker::new(),
            channels,
            counters,
            sold: RwLock::default(),
        }))
    }

    /// The service as a router: priced routes behind the gate, free ones beside them, `GET /payments/{id}`,
    /// `GET /.well-known/x402`, and CORS over all of it.
    ///
    /// # Errors
    /// [`GateError`] when a route cannot be offered.
    pub fn mount(&self, routes: Routes) -> Result<Router, GateError> {
        let (router, sales) = routes.into_router(self)?;
        let discovery = discovery::router(self, sales);
        let router = router.merge(status::router(self)).merge(claims::router(self)).merge(discovery);
        Ok(router.layer(cors::layer()))
    }

    /// The tower layer that sells one route, for an axum application of one's own:
    /// `axum::routing::get(handler).route_layer(gate.layer(route)?)`. Besides it, mount `gate.mount(Routes::new())?`, which answers
    /// for `/payments/{id}`. Work that was paid for when the process ended is done when its buyer asks again; behind
    /// [`Gate::mount`] it is also done without them.
    ///
    /// # Errors
    /// [`GateError`] when the route cannot be offered.
    pub fn layer(&self, route: Route) -> Result<GateLayer, GateError> {
        Ok(GateLayer::new(self.clone(), Arc::new(Sale::new(route, &self.0.config)?)))
    }

    /// Finishes what earlier processes left, and follows what is not known yet, until `stop`.
    #[must_use]
    pub fn spawn_reconciler(&self, stop: CancellationToken) -> JoinHandle<()> {
        tokio::spawn(reconcile::run(self.clone(), stop))
    }

    /// Claims what channels owe, follows withdrawals, and finishes refunds, until `stop`; then claims everything. Without
    /// channels it ends at once.
    #[must_use]
    pub fn spawn_claims(&self, stop: CancellationToken) -> JoinHandle<()> {
        tokio::spawn(channel::follow(self.clone(), stop))
    }

    /// Waits, at most `grace`, until no work and no settlement runs any more. What still runs is finished after a restart.
    pub async fn drain(&self, grace: Duration) {
        self.0.tasks.close();
        if tokio::time::timeout(grace, self.0.tasks.wait()).await.is_err() {
            tracing::warn!(running = self.0.tasks.len(), "grace is over; a restart finishes what still runs");
        }
    }

    /// Whether payments can be recorded, by recording: the ledger's part of readiness.
    ///
    /// # Errors
    /// [`LedgerError`] when they cannot.
    pub async fn ready(&self) -> Result<(), LedgerError> {
        self.0.ledger.ping().await
    }

    /// The ledger, to be closed when everything has ended.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// Whether this client may ask once more without having paid.
    pub(crate) fn admits(&self, headers: &HeaderMap, extensions: &Extensions) -> bool {
        self.0.unpaid.as_ref().is_none_or(|meter| meter.admits(headers, extensions))
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Remembers the handler of a route, so that work which was paid for can be done after a restart.
    pub(crate) fn register(&self, sale: &Arc<Sale>, handler: Handler) -> Result<(), GateError> {
        let mut sold = self.0.sold.write().unwrap_or_else(PoisonError::into_inner);
        match sold.insert(sale.name.clone(), (sale.clone(), handler)) {
            None => Ok(()),
            Some(_) => Err(GateError::Twice(sale.name.clone())),
        }
    }

    pub(crate) fn sold(&self, name: &str) -> Option<(Arc<Sale>, Handler)> {
        self.0.sold.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}
