//! What sites ask of crawlers: fetched, read, and kept for a day (RFC 9309).

mod rules;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderValue;
use moka::sync::Cache;
use url::Url;

pub use rules::Rules;

use super::{
    AllowedOrigins, Connector, Exchange, FetchError, FetchLimits, MAX_REDIRECTS, Target, exchange::Ask,
    redirect,
};
use crate::work::decode;

/// How much of a file is read (section 2.5).
const MAX_BYTES: usize = 500 << 10;
/// How long an answer is kept (section 2.4), and one that was none: a server in trouble is asked again soon.
const KEPT: Duration = Duration::from_secs(24 * 3600);
const KEPT_UNREACHABLE: Duration = Duration::from_secs(60);
/// How many sites are remembered.
const MAX_SITES: u64 = 10_000;

/// The product that rules are written for: the first word of our user agent.
pub const PRODUCT: &str = "paid-scraper";

/// What is known of a site.
#[derive(Clone, Debug)]
struct Known {
    rules: Result<Arc<Rules>, FetchError>,
    since: Instant,
}

/// The robots.txt of every site that was asked for lately.
#[derive(Clone, Debug)]
pub(crate) struct Robots(Cache<String, Known>);

/// What fetching a robots.txt takes.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) allowed: &'a AllowedOrigins,
    pub(crate) user_agent: &'a HeaderValue,
    pub(crate) limits: &'a FetchLimits,
}

impl Robots {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(MAX_SITES).time_to_live(KEPT).build())
    }

    /// Whether a target may be asked for.
    pub(crate) async fn check(&self, target: &Target, asking: Asking<'_>) -> Result<(), FetchError> {
        let origin = target.origin();
        let rules = match self.known(&origin) {
            Some(known) => known.rules,
            None => self.learn(target, origin.clone(), asking).await,
        }?;
        let rule = rules.disallowing(&target.url()[url::Position::BeforePath..]);
        rule.map_or(Ok(()), |rule| {
            let (url, rule) = (target.url().to_string(), format!("Disallow: {rule}"));
            Err(FetchError::Robots { origin, url, agent: PRODUCT, rule })
        })
    }

    /// Whether a target can be checked without asking its site.
    pub(crate) fn knows(&self, target: &Target) -> bool {
        self.known(&target.origin()).is_some()
    }

    fn known(&self, origin: &str) -> Option<Known> {
        let known = self.0.get(origin)?;
        (known.rules.is_ok() || known.since.elapsed() < KEPT_UNREACHABLE).then_some(known)
    }

    async fn learn(
        &self,
        target: &Target,
        origin: String,
        asking: Asking<'_>,
    ) -> Result<Arc<Rules>, FetchError> {
        let rules = match file(target, asking).await {
            // Not about robots: the page itself could not be asked for either.
            Err(error @ (FetchError::Refused { .. } | FetchError::Name { .. } | FetchError::Resolver(_))) => {
                return Err(error);
            }
            // Nor is this, but it is worth remembering: neither a handshake nor a silence is had for nothing.
            Err(error) if is_down(&error, target) => Err(error),
            Err(error) => {
                Err(FetchError::RobotsUnreachable { origin: origin.clone(), why: error.to_string() })
            }
            Ok(answer) => read(&answer, &origin),
        };
        self.0.insert(origin, Known { rules: rules.clone(), since: Instant::now() });
        rules
    }
}

/// Whether the site itself cannot be spoken with, so that its pages could not be had either: that is no word about robots.
fn is_down(error: &FetchError, target: &Target) -> bool {
    match error {
        FetchError::Connect { host, .. } => *host == target.authority(),
        FetchError::Tls { host, .. } => *host == target.host().to_string(),
        _ => false,
    }
}

/// Fetches the file, following redirects wherever they lead, within the same rules as everything else.
async fn file(target: &Target, asking: Asking<'_>) -> Result<Exchange, FetchError> {
    let ask = Ask {
        user_agent: asking.user_agent,
        accept: "text/plain,*/*;q=0.1",
        accept_encoding: "gzip",
        max_body_bytes: MAX_BYTES,
        cut: true,
    };
    let mut url: Url = target.url().clone();
    url.set_path("/robots.txt");
    url.set_query(None);
    for _ in 0..=MAX_REDIRECTS {
        let target = Target::new(url, asking.allowed)?;
        let answer = asking.connector.get(&target, &ask, asking.limits).await?;
        match redirect(&target, &answer)? {
            Some(next) => url = next,
            None => return Ok(answer),
        }
    }
    Err(FetchError::Redirects(MAX_REDIRECTS))
}

/// 2xx is read; what the server will not show (4xx) forbids nothing; a server in trouble is left alone (section 2.3.1).
fn read(answer: &Exchange, origin: &str) -> Result<Arc<Rules>, FetchError> {
    match answer.status {
        200..=299 => {
            let text = match decode::codings(&answer.headers).as_slice() {
                [] => answer.body.to_vec(),
                // Whatever coding else it came in, we asked for none but this.
                _ => decode::gzip_prefix(&answer.body, MAX_BYTES),
            };
            Ok(Arc::new(Rules::parse(&String::from_utf8_lossy(&text), PRODUCT)))
        }
        400..=499 => Ok(Arc::default()),
        status => Err(FetchError::RobotsUnreachable {
            origin: origin.to_owned(),
            why: format!("its status is {status}"),
        }),
    }
}
