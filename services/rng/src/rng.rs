//! What the draws are made with, opened from the configuration.

use std::sync::Arc;

use axum::http::request::Parts;
use bytes::Bytes;
use draw::LogSigner;
use serde_json::{Value, json};
use service_kit::{Context, KeyFile, Problem, Selling, StartError};
use url::Url;

use crate::{
    beacon::Beacon,
    clock,
    documents::Terms,
    log::{EpochKeys, Log, Store, follow},
    random,
};

/// What this service is configured with, besides what every service is.
#[derive(clap::Args)]
pub(crate) struct Config {
    /// The secret key that the days' keys are sealed with in the database.
    #[arg(long, value_name = "FILE", default_value = "data/rng-seal.key")]
    seal_key_file: KeyFile,
    /// The secret key that signs the transparency log.
    #[arg(long, value_name = "FILE", default_value = "data/rng-log.key")]
    log_key_file: KeyFile,
    /// The name of the log, for ever the same. Host and path of the public URL unless given.
    #[arg(long, value_name = "NAME")]
    log_origin: Option<String>,
    /// Where the log is kept. Beside the ledger unless given: a SQLite file of its own, or a schema of the same Postgres.
    #[arg(long, value_name = "URL")]
    log_database_url: Option<String>,
    /// Relays of drand's quicknet, several by comma. Without one there are no draws by the beacon.
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    beacon_relay: Vec<Url>,
}

/// The state of every handler.
pub(crate) struct Rng {
    pub(crate) log: Log,
    pub(crate) keys: EpochKeys,
    pub(crate) beacon: Option<Beacon>,
    pub(crate) public_url: String,
}

impl Rng {
    /// Opens the log, makes the keys of today and tomorrow, and has the ledger followed.
    pub(crate) async fn open(config: Config, context: &Context) -> Result<Arc<Self>, StartError> {
        let Selling { ledger, public_url, database_url, .. } = context.selling()?.clone();
        let origin = config.log_origin.unwrap_or_else(|| origin_of(&public_url));
        let signer = LogSigner::new(&origin, &*context.secret(&config.log_key_file)?)
            .map_err(|error| StartError::config(format!("{origin}: {error}"), "set --log-origin"))?;
        let url = config.log_database_url.unwrap_or_else(|| beside(&database_url));
        let store = Store::open(&url).await.map_err(StartError::failed("opening the log"))?;
        store
            .belongs_to(&signer.public().to_string())
            .await
            .map_err(StartError::failed("opening the log"))?;
        let log = Log { store, signer: Arc::new(signer) };
        let keys = EpochKeys::new(log.clone(), &context.secret(&config.seal_key_file)?);
        keys.keep(clock::seconds()).await.map_err(StartError::failed("making the keys of the day"))?;
        tracing::info!(log = %log.key(), "the log");
        context.spawn("the log", {
            let (log, keys) = (log.clone(), keys.clone());
            |stop| follow(log, keys, ledger, stop)
        });
        Ok(Arc::new(Self { log, keys, beacon: Beacon::new(config.beacon_relay), public_url }))
    }

    /// Refuses what could never be drawn here.
    pub(crate) fn check(&self) -> impl Fn(&Parts, &Bytes) -> Result<(), Problem> + Copy + use<> {
        let has_beacon = self.beacon.is_some();
        move |parts, body| random::check(parts, body, has_beacon)
    }

    /// What an offer says about the draw: the key of the day, whatever day it is.
    pub(crate) fn terms(&self) -> impl Fn() -> Value + Clone + use<> {
        let (today, log) = (self.keys.today(), self.log.clone());
        move || today.borrow().as_ref().map(|key| json!(Terms::of(key, log.key()))).unwrap_or_default()
    }
}

/// `rng.example.com/log`: a name that is an address of the log too, as C2SP asks.
fn origin_of(public_url: &str) -> String {
    let (_, place) = public_url.split_once("://").unwrap_or(("", public_url));
    place.trim_end_matches('/').to_owned()
}

/// `sqlite://data/rng.db` has its log in `sqlite://data/rng-log.db`.
fn beside(database_url: &str) -> String {
    match database_url.strip_suffix(".db") {
        Some(path) if path.starts_with("sqlite") => format!("{path}-log.db"),
        _ if database_url.starts_with("sqlite") => format!("{database_url}-log"),
        _ => database_url.to_owned(),
    }
}
