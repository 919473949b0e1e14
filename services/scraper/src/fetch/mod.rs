//! Fetching strangers' pages: where we go, how far, and what is remembered.

pub mod address;
mod cache;
mod connect;
mod error;
mod exchange;
mod limits;
mod politeness;
mod resolve;
pub mod robots;
mod target;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::LOCATION};
use serde::{Deserialize, Serialize};
use url::Url;

pub use connect::{Connection, Connector};
pub use error::FetchError;
pub use exchange::{Peer, Timing};
pub(crate) use limits::millis;
pub use limits::{FetchLimits, MAX_REDIRECTS};
pub use resolve::Resolver;
pub use target::{AllowedOrigins, Target};

use cache::PageCache;
use exchange::{Ask, Exchange};
use politeness::Politeness;
use robots::{Asking, Robots};

const ACCEPT: &str =
    "text/html,application/xhtml+xml,application/pdf;q=0.9,text/*;q=0.8,application/json;q=0.8,*/*;q=0.5";

/// A page as it came.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Where it was in the end.
    pub url: Url,
    /// The status of the last answer.
    pub status: u16,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body, still in the coding it came in.
    pub body: Bytes,
    /// The redirects on the way, in order.
    pub redirects: Vec<Redirect>,
    /// Who answered.
    pub peer: Peer,
    /// Where the time went.
    pub timing: Timing,
    /// When, in epoch milliseconds.
    pub fetched_at_ms: u64,
}

/// A step on the way to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Redirect {
    /// What was asked for.
    pub url: String,
    /// The status that sent us on.
    pub status: u16,
    /// The address that answered.
    pub ip: std::net::IpAddr,
}

/// Fetches pages, within limits and politely.
pub struct Fetcher {
    connector: Connector,
    allowed: AllowedOrigins,
    limits: FetchLimits,
    user_agent: HeaderValue,
    robots: Robots,
    politeness: Politeness,
    /// Of hosts that are asked for a robots.txt by those who do not pay: they take no turn of a buyer.
    unpaid: Politeness,
    cache: PageCache,
}

/// How a [`Fetcher`] is set up.
pub struct FetcherSettings {
    /// What opens its connections.
    pub connector: Connector,
    /// Origins that need not be public.
    pub allowed: AllowedOrigins,
    /// How far strangers may go.
    pub limits: FetchLimits,
    /// The name we go by, with a page about us.
    pub user_agent: HeaderValue,
    /// How many bytes of pages are kept for those who accept an older copy.
    pub cache_bytes: u64,
}

impl Fetcher {
    /// A fetcher that knows nothing yet.
    #[must_use]
    pub fn new(settings: FetcherSettings) -> Self {
        let FetcherSettings { connector, allowed, limits, user_agent, cache_bytes } = settings;
        let (politeness, unpaid) = (Politeness::new(&limits), Politeness::new(&limits));
        let cache = PageCache::new(cache_bytes);
        Self { connector, allowed, limits, user_agent, robots: Robots::new(), politeness, unpaid, cache }
    }

    /// A copy that is at most so old, or the page itself.
    ///
    /// # Errors
    /// [`FetchError`], which says whose fault it is.
    pub async fn fetch(&self, url: &Url, max_age: Duration) -> Result<Arc<Fetched>, FetchError> {
        let target = Target::new(url.clone(), &self.allowed)?;
        if let Some(copy) = self.cache.get(target.url(), max_age) {
            return Ok(copy);
        }
        let deadline = self.limits.fetch_deadline_ms;
        let fetched = tokio::time::timeout(deadline, self.follow(target.clone())).await;
        let fetched = Arc::new(fetched.map_err(|_| FetchError::Deadline(deadline))??);
        self.cache.keep(target.url(), &fetched);
        Ok(fetched)
    }

    /// Whether the page may be asked for at all: asks for nothing but the robots.txt.
    ///
    /// # Errors
    /// [`FetchError`] that fetching it would end with before its first byte.
    pub async fn permitted(&self, url: &Url) -> Result<(), FetchError> {
        let target = Target::new(url.clone(), &self.allowed)?;
        if !self.robots.knows(&target) {
            self.unpaid.turn(&target).await?;
        }
        let deadline = self.limits.fetch_deadline_ms;
        let check = self.robots.check(&target, self.asking());
        tokio::time::timeout(deadline, check).await.map_err(|_| FetchError::Deadline(deadline))?
    }

    /// How old the copy at hand is.
    #[must_use]
    pub fn age(&self, url: &Url) -> Option<Duration> {
        let copy = self.cache.get(Target::new(url.clone(), &self.allowed).ok()?.url(), Duration::MAX)?;
        Some(copy.age())
    }

    /// What opens connections for somebody else: the way out of a browser.
    #[must_use]
    pub fn way_out(&self) -> (Connector, AllowedOrigins) {
        (self.connector.clone(), self.allowed.clone())
    }

    const fn asking(&self) -> Asking<'_> {
        Asking {
            connector: &self.connector,
            allowed: &self.allowed,
            user_agent: &self.user_agent,
            limits: &self.limits,
        }
    }

    async fn follow(&self, mut target: Target) -> Result<Fetched, FetchError> {
        let (mut redirects, mut timing) = (Vec::new(), Timing::default());
        let max_body_bytes = self.limits.max_body_bytes;
        let (accept, accept_encoding) = (ACCEPT, "gzip, br, zstd");
        let ask = Ask { user_agent: &self.user_agent, accept, accept_encoding, max_body_bytes, cut: false };
        loop {
            self.robots.check(&target, self.asking()).await?;
            self.politeness.turn(&target).await?;
            let answer = self.connector.get(&target, &ask, &self.limits).await?;
            timing.add(answer.timing);
            let Some(next) = redirect(&target, &answer)? else {
                let Exchange { status, headers, body, peer, .. } = answer;
                let (url, fetched_at_ms) = (target.url().clone(), now_ms());
                return Ok(Fetched { url, status, headers, body, redirects, peer, timing, fetched_at_ms });
            };
            if redirects.len() == MAX_REDIRECTS {
                return Err(FetchError::Redirects(MAX_REDIRECTS));
            }
            redirects.push(Redirect {
                url: target.url().to_string(),
                status: answer.status,
                ip: answer.peer.ip,
            });
            target = Target::new(next, &self.allowed)?;
        }
    }
}

impl Fetched {
    /// How long ago it was fetched.
    #[must_use]
    pub fn age(&self) -> Duration {
        Duration::from_millis(now_ms().saturating_sub(self.fetched_at_ms))
    }
}

/// Where an answer sends us, if it does.
fn redirect(target: &Target, answer: &Exchange) -> Result<Option<Url>, FetchError> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let bad = |why: String| FetchError::BadRedirect { url: target.url().to_string(), why };
    let location = answer.headers.get(LOCATION).ok_or_else(|| bad("it has no Location".to_owned()))?;
    let location = std::str::from_utf8(location.as_bytes()).map_err(|error| bad(error.to_string()))?;
    target.url().join(location).map(Some).map_err(|error| bad(error.to_string()))
}

fn now_ms() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
