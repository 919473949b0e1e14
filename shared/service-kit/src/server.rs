//! The accept loop: connections that are slow to ask are closed, and stopping waits for what is being answered.

use std::{io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit},
    http::{Request, StatusCode, Uri},
    middleware::from_fn,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower_http::{catch_panic::CatchPanicLayer, timeout::RequestBodyTimeoutLayer};

use crate::{Problem, StartError, trace::trace};

/// How long a client may take to send a request's head, an idle connection included.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a client may pause while it sends a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);
/// Room for a request's head. A megabyte of payment header still reaches the gate, which says what is wrong with it.
const MAX_HEAD_BYTES: usize = 5 << 18;
/// The largest body an extractor reads. Priced routes have a limit of their own.
const MAX_BODY_BYTES: usize = 256 << 10;
/// How long to wait when the system has no file descriptor left for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound listener, and what it is for.
pub(crate) struct Listener {
    name: &'static str,
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds, and logs the address, which the system may have chosen.
    pub(crate) async fn bind(name: &'static str, address: SocketAddr) -> Result<Self, StartError> {
        let socket = TcpListener::bind(address)
            .await
            .map_err(StartError::failed(format!("binding the {name} listener to {address}")))?;
        let address = socket.local_addr().map_err(StartError::failed("reading a listener's address"))?;
        tracing::info!(listener = name, url = format!("http://{address}"), "listening");
        Ok(Self { name, socket, address })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until told to stop, then until every begun answer is sent or the grace is over.
    pub(crate) async fn serve(self, app: Router, stop: CancellationToken, grace: Duration) {
        let connections = GracefulShutdown::new();
        while let Some(accepted) = stop.run_until_cancelled(self.socket.accept()).await {
            match accepted {
                Ok((stream, client)) => spawn_connection(stream, client, app.clone(), &connections),
                Err(error) => pause_after(&error).await,
            }
        }
        drop(self.socket);
        if tokio::time::timeout(grace, connections.shutdown()).await.is_err() {
            tracing::warn!(listener = self.name, "connections were still open at the end of the grace");
        }
    }
}

/// What every request passes on its way in, and what answers when no route does.
pub(crate) fn with_manners(app: Router) -> Router {
    let on_panic = |_| problem_of_panic();
    app.method_not_allowed_fallback(async || {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path has no such method")
    })
    .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
    .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
    .layer(CatchPanicLayer::custom(on_panic))
    .layer(from_fn(trace))
}

/// The answer where there is no route.
pub(crate) async fn not_found(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("there is nothing at {}", uri.path()))
}

fn problem_of_panic() -> axum::response::Response {
    use axum::response::IntoResponse as _;
    tracing::error!("a handler panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the service failed to answer this request")
        .into_response()
}

fn spawn_connection(stream: TcpStream, client: SocketAddr, app: Router, connections: &GracefulShutdown) {
    // An answer is written whole: waiting to fill a packet only delays it.
    let _ = stream.set_nodelay(true);
    let app = app.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(client));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection broke");
        }
    });
}

/// A connection that ended before it was accepted is nothing; a system without descriptors needs a moment.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
