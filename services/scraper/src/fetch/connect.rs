//! A connection to the very address that was checked.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use rustls::{ClientConfig, ProtocolVersion, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::Host;

use super::{FetchError, Resolver, Target};

/// How long one address may take to accept, before the next is tried.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(5);
/// How many addresses of a name are tried.
const MAX_ADDRESSES: usize = 4;

/// Opens connections: resolves, checks, connects, shakes hands.
#[derive(Clone)]
pub struct Connector {
    resolver: Resolver,
    tls: TlsConnector,
}

/// An open connection, and how it came about.
pub struct Connection {
    pub(crate) stream: Stream,
    pub(crate) peer: SocketAddr,
    /// `TLSv1.3`; nothing over plain HTTP.
    pub(crate) tls: Option<&'static str>,
    pub(crate) http2: bool,
    pub(crate) resolved_in: Duration,
    pub(crate) connected_in: Duration,
    pub(crate) secured_in: Duration,
}

/// With or without TLS.
pub(crate) enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Connector {
    /// Trusts the certificate authorities of the system, and nothing else.
    ///
    /// # Errors
    /// When the system has none.
    pub fn new(resolver: Resolver) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = config.with_platform_verifier()?.with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { resolver, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// A connection for HTTP.
    pub(crate) async fn open(&self, target: &Target) -> Result<Connection, FetchError> {
        let began = Instant::now();
        let addresses = self.resolver.addresses(target).await?;
        let resolved_in = began.elapsed();
        let began = Instant::now();
        let (tcp, peer) = connect(target, &addresses).await?;
        let connected_in = began.elapsed();
        if !target.is_secure() {
            let (stream, secured_in) = (Stream::Plain(tcp), Duration::ZERO);
            let (tls, http2) = (None, false);
            return Ok(Connection { stream, peer, tls, http2, resolved_in, connected_in, secured_in });
        }
        let began = Instant::now();
        let stream = self.secure(target, tcp).await?;
        let (_, session) = stream.get_ref();
        let tls = session.protocol_version().map(version);
        let http2 = session.alpn_protocol() == Some(b"h2");
        let stream = Stream::Secure(Box::new(stream));
        let secured_in = began.elapsed();
        Ok(Connection { stream, peer, tls, http2, resolved_in, connected_in, secured_in })
    }

    /// A bare connection, for a browser that speaks for itself.
    pub(crate) async fn tunnel(&self, target: &Target) -> Result<TcpStream, FetchError> {
        let addresses = self.resolver.addresses(target).await?;
        Ok(connect(target, &addresses).await?.0)
    }

    async fn secure(&self, target: &Target, tcp: TcpStream) -> Result<TlsStream<TcpStream>, FetchError> {
        let failed = |why: String| FetchError::Tls { host: target.host().to_string(), why };
        let name = match target.host() {
            Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()),
            Host::Ipv4(address) => Ok(ServerName::IpAddress(IpAddr::V4(*address).into())),
            Host::Ipv6(address) => Ok(ServerName::IpAddress(IpAddr::V6(*address).into())),
        };
        let name = name.map_err(|error| failed(error.to_string()))?;
        self.tls.connect(name, tcp).await.map_err(|error| failed(error.to_string()))
    }
}

async fn connect(target: &Target, addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), FetchError> {
    let mut failure = "it has no address".to_owned();
    for &address in addresses.iter().take(MAX_ADDRESSES) {
        match tokio::time::timeout(ADDRESS_PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one small packet: waiting to fill it only delays it.
                let _ = stream.set_nodelay(true);
                return Ok((stream, address));
            }
            Ok(Err(error)) => failure = format!("{address}: {error}"),
            Err(_) => failure = format!("{address} does not accept"),
        }
    }
    Err(FetchError::Connect { host: target.authority(), why: failure })
}

const fn version(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_3 => "TLSv1.3",
        ProtocolVersion::TLSv1_2 => "TLSv1.2",
        _ => "TLS",
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
