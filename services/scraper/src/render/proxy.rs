//! A browser's only way out: a proxy for one page, which goes nowhere that the fetcher would not, and ends with the page.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, combinators::BoxBody};
use hyper::{body::Incoming, client::conn, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::fetch::{AllowedOrigins, Connector, FetchError, Target};

/// The most refused connections that are named.
const MAX_NAMED: usize = 50;

/// The way out of one page.
pub(super) struct Proxy {
    address: SocketAddr,
    way: Arc<Way>,
    _end: DropGuard,
}

struct Way {
    connector: Connector,
    allowed: AllowedOrigins,
    refused: Mutex<BTreeSet<String>>,
    /// How many bytes may still come in.
    left: AtomicU64,
    end: CancellationToken,
}

type Body = BoxBody<Bytes, hyper::Error>;

impl Proxy {
    /// Listens on an address of this machine, at any port.
    pub(super) async fn open(
        ip: IpAddr,
        (connector, allowed): (Connector, AllowedOrigins),
        bytes: u64,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((ip, 0)).await?;
        let address = listener.local_addr()?;
        let end = CancellationToken::new();
        let (refused, left) = (Mutex::default(), AtomicU64::new(bytes));
        let way = Arc::new(Way { connector, allowed, refused, left, end: end.clone() });
        tokio::spawn(accept(listener, Arc::clone(&way)));
        Ok(Self { address, way, _end: end.drop_guard() })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the page wanted to go and was not let.
    pub(super) fn refused(&self) -> Vec<String> {
        let refused = self.way.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().cloned().collect()
    }
}

async fn accept(listener: TcpListener, way: Arc<Way>) {
    let end = way.end.clone();
    while let Some(Ok((stream, _))) = end.run_until_cancelled(listener.accept()).await {
        let way = Arc::clone(&way);
        tokio::spawn(async move {
            let end = way.end.clone();
            let service = service_fn(move |request| answer(Arc::clone(&way), request));
            let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A browser that hangs up is none of our business.
            let _ = end.run_until_cancelled(serving.with_upgrades()).await;
        });
    }
}

async fn answer(way: Arc<Way>, request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    let target = match target(&way, &request) {
        Ok(target) => target,
        Err(error) => return Ok(way.refuse(&request.uri().to_string(), &error)),
    };
    let server = match way.connector.tunnel(&target).await {
        Ok(server) => server,
        Err(error) => return Ok(way.refuse(&target.authority(), &error)),
    };
    if request.method() == Method::CONNECT {
        tokio::spawn(async move {
            let end = way.end.clone();
            let Ok(browser) = hyper::upgrade::on(request).await else { return };
            let _ = end.run_until_cancelled(way.relay(TokioIo::new(browser), server)).await;
        });
        return Ok(Response::new(empty()));
    }
    forward(&way, request, &target, server).await
}

/// CONNECT names host and port; whatever is spoken there is encrypted. Anything else names a whole URL.
fn target(way: &Way, request: &Request<Incoming>) -> Result<Target, FetchError> {
    let uri = request.uri().to_string();
    let url = if request.method() == Method::CONNECT { format!("https://{uri}") } else { uri.clone() };
    let url = Url::parse(&url).map_err(|error| FetchError::Refused { url: uri, why: error.to_string() })?;
    Target::new(url, &way.allowed)
}

/// A request in the clear, passed on by itself.
async fn forward(
    way: &Arc<Way>,
    mut request: Request<Incoming>,
    target: &Target,
    server: tokio::net::TcpStream,
) -> Result<Response<Body>, hyper::Error> {
    let path = &target.url()[url::Position::BeforePath..];
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
    strip(request.headers_mut());
    let (mut sender, connection) = conn::http1::handshake(TokioIo::new(server)).await?;
    let end = way.end.clone();
    tokio::spawn(async move {
        let _ = end.run_until_cancelled(connection).await;
    });
    let mut response = sender.send_request(request).await?;
    strip(response.headers_mut());
    let way = Arc::clone(way);
    Ok(response.map(|body| {
        body.map_frame(move |frame| {
            way.spend(frame.data_ref().map_or(0, Bytes::len));
            frame
        })
        .boxed()
    }))
}

/// Fields that speak of one connection only.
fn strip(headers: &mut HeaderMap) {
    for name in ["proxy-connection", "proxy-authorization", "keep-alive"] {
        headers.remove(name);
    }
    headers.remove(header::CONNECTION);
    headers.remove(header::UPGRADE);
}

fn empty() -> Body {
    Empty::new().map_err(|never: std::convert::Infallible| match never {}).boxed()
}

impl Way {
    fn refuse(&self, what: &str, error: &FetchError) -> Response<Body> {
        if matches!(error, FetchError::Refused { .. }) {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            if refused.len() < MAX_NAMED {
                refused.insert(what.to_owned());
            }
        }
        tracing::debug!(what, %error, "a page's connection was refused");
        let mut response = Response::new(empty());
        *response.status_mut() = StatusCode::FORBIDDEN;
        response
    }

    /// Counts what comes in. A page that loads more than it may loses all its connections.
    fn spend(&self, bytes: usize) {
        let spent = |left: u64| left.checked_sub(bytes as u64);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spent).is_err() {
            self.end.cancel();
        }
    }

    async fn relay(
        &self,
        browser: impl AsyncRead + AsyncWrite + Unpin,
        server: tokio::net::TcpStream,
    ) -> io::Result<()> {
        let (mut from_browser, mut to_browser) = tokio::io::split(browser);
        let (mut from_server, mut to_server) = server.into_split();
        let up = async {
            tokio::io::copy(&mut from_browser, &mut to_server).await?;
            to_server.shutdown().await
        };
        let down = async {
            let mut buffer = vec![0; 16 << 10];
            loop {
                match from_server.read(&mut buffer).await? {
                    0 => return to_browser.shutdown().await,
                    read => {
                        self.spend(read);
                        to_browser.write_all(&buffer[..read]).await?;
                    }
                }
            }
        };
        tokio::try_join!(up, down)?;
        Ok(())
    }
}
