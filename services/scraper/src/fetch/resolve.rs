//! Names to addresses, each of them checked.

use std::net::{IpAddr, SocketAddr};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
};
use url::Host;

use super::{FetchError, Target, address::is_global};

/// Finds where a target may be connected to.
#[derive(Clone, Debug)]
pub struct Resolver(TokioResolver);

impl Resolver {
    /// Asks the name server at an address, or those that the system is configured with.
    ///
    /// # Errors
    /// [`FetchError::Resolver`] when there is nobody to ask.
    pub fn new(nameserver: Option<SocketAddr>) -> Result<Self, FetchError> {
        let builder = match nameserver {
            Some(address) => {
                let provider = TokioRuntimeProvider::default();
                Ok(TokioResolver::builder_with_config(only(address), provider))
            }
            None => TokioResolver::builder_tokio(),
        };
        let resolver = builder.and_then(hickory_resolver::ResolverBuilder::build);
        resolver.map(Self).map_err(|error| FetchError::Resolver(error.to_string()))
    }

    /// The addresses of a target, every one of them fit to be connected to: a single one that is not refuses the name, since
    /// whoever mixes the two means to be mistaken for the other.
    ///
    /// # Errors
    /// [`FetchError::Name`] when the name has no address, [`FetchError::Refused`] when one is not public.
    pub async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, FetchError> {
        let addresses = match target.host() {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => self.look_up(name).await?,
        };
        if !target.is_allowed_anywhere()
            && let Some(private) = addresses.iter().find(|address| !is_global(**address))
        {
            let why = format!("{} is at {private}, which is not a public address", target.host());
            return Err(FetchError::Refused { url: target.url().to_string(), why });
        }
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, target.port())).collect())
    }

    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, FetchError> {
        // A name as the root sees it: the search list of this machine's network is nobody else's business.
        let absolute = if name.ends_with('.') { name.to_owned() } else { format!("{name}.") };
        let found = self.0.lookup_ip(absolute).await;
        let found =
            found.map_err(|error| FetchError::Name { name: name.to_owned(), why: error.to_string() })?;
        Ok(found.iter().collect())
    }
}

fn only(nameserver: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = nameserver.port();
        connection
    });
    let server = NameServerConfig::new(nameserver.ip(), true, connections.to_vec());
    ResolverConfig::from_parts(None, Vec::new(), vec![server])
}
