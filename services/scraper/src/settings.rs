//! What the service is configured with, and what is made of it.

use std::{net::SocketAddr, sync::Arc};

use clap::Args;
use http::HeaderValue;
use service_kit::{Context, StartError};

use crate::{
    api::Scraper,
    fetch::{AllowedOrigins, Connector, FetchLimits, Fetcher, FetcherSettings, Resolver, robots::PRODUCT},
    render::{Browser, BrowserSettings},
    site::{BOT_PATH, WalletArgs},
    work::{Pool, WorkLimits},
};

/// What this service is configured with, besides what every service is.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Origins (host:port, by comma) that are scraped although they are not public: for tests of one's own pages.
    #[arg(long, value_name = "HOST:PORT,...", default_value = "")]
    pub allow_origins: AllowedOrigins,
    /// The name server that is asked (IP:port). The system's unless set.
    #[arg(long, value_name = "ADDRESS")]
    pub nameserver: Option<SocketAddr>,
    /// How many bytes of fetched pages are kept in memory for those who accept an older copy.
    #[arg(long, value_name = "BYTES", default_value_t = 128 << 20)]
    pub cache_bytes: u64,
    /// How many free quotes a second one client gets, ten times that at once.
    #[arg(long, value_name = "N", default_value = "2")]
    pub quote_rate: std::num::NonZeroU32,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened: each key is documented")]
    pub fetch: FetchLimits,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened: each key is documented")]
    pub work: WorkLimits,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened: each key is documented")]
    pub browser: BrowserSettings,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened: each key is documented")]
    pub wallet: WalletArgs,
}

impl Settings {
    /// Everything that scraping takes.
    ///
    /// # Errors
    /// [`StartError`] when there is no name server to ask, or no certificate authority to trust.
    pub fn open(self, context: &Context) -> Result<Arc<Scraper>, StartError> {
        if !self.allow_origins.is_empty() {
            tracing::warn!(origins = %self.allow_origins, "these origins are scraped WHEREVER THEY ARE, this machine included");
        }
        let selling = context.selling()?;
        let quotes = selling.meter(self.quote_rate.get());
        let user_agent = user_agent(&selling.public_url);
        let resolver = Resolver::new(self.nameserver).map_err(StartError::failed("finding a name server"))?;
        let connector =
            Connector::new(resolver).map_err(StartError::failed("loading certificate authorities"))?;
        let header =
            HeaderValue::from_str(&user_agent).map_err(StartError::failed("naming the user agent"))?;
        let fetcher = Fetcher::new(FetcherSettings {
            connector,
            allowed: self.allow_origins,
            limits: self.fetch,
            user_agent: header,
            cache_bytes: self.cache_bytes,
        });
        let browser = Browser::new(self.browser, fetcher.way_out(), user_agent);
        if let Err(missing) = browser.available() {
            tracing::warn!(%missing, "pages are scraped without a browser");
        }
        Ok(Arc::new(Scraper { fetcher, pool: Pool::new(self.work), browser, quotes }))
    }
}

/// Who we are, and where to read more.
fn user_agent(public_url: &str) -> String {
    format!("{PRODUCT}/{} (+{public_url}{BOT_PATH})", env!("CARGO_PKG_VERSION"))
}
