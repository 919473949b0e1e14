//! One request and its answer, within limits.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Version, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::{Deserialize, Serialize};
use tokio_util::task::AbortOnDropHandle;

use super::{Connection, Connector, FetchError, FetchLimits, Target};

/// How many header fields an answer may have.
const MAX_FIELDS: usize = 200;

/// An answer, its body still in whatever coding it came in.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) peer: Peer,
    pub(crate) timing: Timing,
}

/// Who answered, and over what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Peer {
    /// The address that was connected to: the one that was checked.
    pub ip: std::net::IpAddr,
    /// `TLSv1.3` or `TLSv1.2`, its certificate verified; nothing over plain HTTP.
    pub tls: Option<String>,
    /// `HTTP/1.1` or `HTTP/2`.
    pub http: String,
}

/// Where the time of a fetch went, in milliseconds, over all its redirects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub struct Timing {
    /// Asking the name server.
    pub resolve_ms: f64,
    /// Connecting.
    pub connect_ms: f64,
    /// The TLS handshake.
    pub tls_ms: f64,
    /// From the request to the first byte of the answer.
    pub first_byte_ms: f64,
    /// The body.
    pub body_ms: f64,
}

impl Timing {
    pub(crate) fn add(&mut self, other: Self) {
        self.resolve_ms += other.resolve_ms;
        self.connect_ms += other.connect_ms;
        self.tls_ms += other.tls_ms;
        self.first_byte_ms += other.first_byte_ms;
        self.body_ms += other.body_ms;
    }
}

/// What is asked for, besides the target.
pub(crate) struct Ask<'a> {
    pub(crate) user_agent: &'a HeaderValue,
    pub(crate) accept: &'static str,
    pub(crate) accept_encoding: &'static str,
    pub(crate) max_body_bytes: usize,
    /// Whether a longer body is cut off, rather than refused.
    pub(crate) cut: bool,
}

impl Connector {
    /// Asks once. Redirects are answers like any other.
    pub(crate) async fn get(
        &self,
        target: &Target,
        ask: &Ask<'_>,
        limits: &FetchLimits,
    ) -> Result<Exchange, FetchError> {
        let connection = self.open(target).await?;
        let peer = Peer {
            ip: connection.peer.ip().to_canonical(),
            tls: connection.tls.map(str::to_owned),
            http: if connection.http2 { "HTTP/2" } else { "HTTP/1.1" }.to_owned(),
        };
        let mut timing = Timing {
            resolve_ms: ms(connection.resolved_in),
            connect_ms: ms(connection.connected_in),
            tls_ms: ms(connection.secured_in),
            ..Timing::default()
        };
        let began = Instant::now();
        let (answer, _driver) = send(connection, target, ask, limits).await?;
        timing.first_byte_ms = ms(began.elapsed());
        let (head, body) = answer.into_parts();
        let began = Instant::now();
        let body = read(body, target, ask, limits).await?;
        timing.body_ms = ms(began.elapsed());
        Ok(Exchange { status: head.status.as_u16(), headers: head.headers, body, peer, timing })
    }
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e5).round() / 100.0
}

type Answer = (http::Response<Incoming>, AbortOnDropHandle<()>);

async fn send(
    connection: Connection,
    target: &Target,
    ask: &Ask<'_>,
    limits: &FetchLimits,
) -> Result<Answer, FetchError> {
    let failed = |error: hyper::Error| http_error(&error, target, limits);
    let request = request(target, ask, connection.http2)?;
    let io = TokioIo::new(connection.stream);
    if connection.http2 {
        let fields = u32::try_from(limits.max_head_bytes).unwrap_or(u32::MAX);
        let mut client = http2::Builder::new(TokioExecutor::new());
        let (mut sender, driver) = client.max_header_list_size(fields).handshake(io).await.map_err(failed)?;
        let driver = AbortOnDropHandle::new(tokio::spawn(async move {
            // What ends the connection shows in the answer, or does not matter.
            let _ = driver.await;
        }));
        return Ok((sender.send_request(request).await.map_err(failed)?, driver));
    }
    let mut client = http1::Builder::new();
    let client = client.max_buf_size(limits.max_head_bytes).max_headers(MAX_FIELDS);
    let (mut sender, driver) = client.handshake(io).await.map_err(failed)?;
    let driver = AbortOnDropHandle::new(tokio::spawn(async move {
        let _ = driver.await;
    }));
    Ok((sender.send_request(request).await.map_err(failed)?, driver))
}

fn request(target: &Target, ask: &Ask<'_>, http2: bool) -> Result<Request<Empty<Bytes>>, FetchError> {
    let url = target.url();
    let request = Request::get(if http2 { url.as_str() } else { &url[url::Position::BeforePath..] })
        .header(header::USER_AGENT, ask.user_agent)
        .header(header::ACCEPT, ask.accept)
        .header(header::ACCEPT_ENCODING, ask.accept_encoding);
    let request = if http2 {
        request.version(Version::HTTP_2)
    } else {
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        request.header(header::HOST, host).header(header::CONNECTION, "close")
    };
    request
        .body(Empty::new())
        .map_err(|error| FetchError::Http { host: target.authority(), why: error.to_string() })
}

fn http_error(error: &hyper::Error, target: &Target, limits: &FetchLimits) -> FetchError {
    if error.is_parse_too_large() {
        return FetchError::HeadTooLarge { limit: limits.max_head_bytes };
    }
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    FetchError::Http { host: target.authority(), why: format!("{error}{cause}") }
}

async fn read(
    mut body: Incoming,
    target: &Target,
    ask: &Ask<'_>,
    limits: &FetchLimits,
) -> Result<Bytes, FetchError> {
    let slow = FetchError::TooSlow { minimum: limits.min_rate };
    let began = Instant::now();
    let mut read = BytesMut::new();
    loop {
        let frame = tokio::time::timeout(limits.rate_grace_ms, body.frame()).await;
        let Some(frame) = frame.map_err(|_| slow.clone())? else { return Ok(read.freeze()) };
        let frame = frame.map_err(|error| http_error(&error, target, limits))?;
        let Ok(data) = frame.into_data() else { continue };
        read.extend_from_slice(&data);
        if read.len() > ask.max_body_bytes {
            if ask.cut {
                read.truncate(ask.max_body_bytes);
                return Ok(read.freeze());
            }
            return Err(FetchError::BodyTooLarge { limit: ask.max_body_bytes });
        }
        if is_slow(read.len(), began.elapsed(), limits) {
            return Err(slow);
        }
    }
}

/// Slower on average than is taken for alive, after a grace for the slow start of every connection.
fn is_slow(bytes: usize, elapsed: Duration, limits: &FetchLimits) -> bool {
    let least = elapsed.as_millis().saturating_mul(limits.min_rate as u128) / 1000;
    elapsed > limits.rate_grace_ms && (bytes as u128) < least
}
