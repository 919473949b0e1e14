//! Where a request may go: a URL that has been looked at before anything is resolved.

use std::{collections::HashSet, fmt, str::FromStr, sync::Arc};

use url::{Host, Url};

use super::FetchError;

/// Origins that are let through although their addresses are not public: for tests of one's own pages.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins(Arc<HashSet<String>>);

/// A URL with a scheme, a port and a host that we speak to.
#[derive(Clone, Debug)]
pub struct Target {
    url: Url,
    host: Host<String>,
    port: u16,
    /// The operator has named this origin: its address need not be public.
    allowed: bool,
}

impl AllowedOrigins {
    /// Whether there are none, as there should be in production.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for AllowedOrigins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let origins = origins.map(|origin| match origin.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(origin.to_lowercase())
            }
            _ => Err(format!("{origin:?} is not host:port")),
        });
        origins.collect::<Result<_, _>>().map(|origins| Self(Arc::new(origins)))
    }
}

impl fmt::Display for AllowedOrigins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut origins: Vec<_> = self.0.iter().map(String::as_str).collect();
        origins.sort_unstable();
        f.write_str(&origins.join(","))
    }
}

impl Target {
    /// Looks at a URL: http or https, on their own ports, without credentials.
    ///
    /// # Errors
    /// [`FetchError::Refused`] says which of these it is not.
    pub fn new(mut url: Url, allowed: &AllowedOrigins) -> Result<Self, FetchError> {
        let refused = |why: &str| Err(FetchError::Refused { url: url.to_string(), why: why.to_owned() });
        if !matches!(url.scheme(), "http" | "https") {
            return refused("only http and https are fetched");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("a URL with credentials is not fetched");
        }
        let (Some(host), Some(port)) = (url.host().map(|host| host.to_owned()), url.port_or_known_default())
        else {
            return refused("it names no host");
        };
        let allowed = allowed.0.contains(&format!("{host}:{port}"));
        if !allowed && !matches!(port, 80 | 443) {
            return refused("only the ports 80 and 443 are asked");
        }
        url.set_fragment(None);
        Ok(Self { url, host, port, allowed })
    }

    /// The URL, without its fragment.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The host, an IP address in whatever notation already recognised as one.
    #[must_use]
    pub const fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether TLS is spoken.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether the operator lets this origin be anywhere.
    #[must_use]
    pub const fn is_allowed_anywhere(&self) -> bool {
        self.allowed
    }

    /// Host and port: what politeness is measured by.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Scheme, host and port: what a robots.txt speaks for.
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}
