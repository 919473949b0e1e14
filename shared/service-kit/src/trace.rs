//! One span and one log line for each request.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument as _, Span, field::Empty, info_span};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_REQUEST_ID: usize = 64;

/// Names the request, and logs what became of it. The gate adds the payment's id to the span.
pub(crate) async fn trace(request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let span = info_span!(
        "request",
        request_id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path(),
        payment_id = Empty,
    );
    let start = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    log(&span, response.status(), start);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// An offer is no event: it is what a stranger gets for nothing, as often as they like.
fn log(span: &Span, status: StatusCode, start: Instant) {
    let latency_ms = start.elapsed().as_secs_f64() * 1000.0;
    let status_code = status.as_u16();
    let _entered = span.enter();
    if status == StatusCode::PAYMENT_REQUIRED {
        tracing::debug!(status = status_code, latency_ms, "answered");
    } else {
        tracing::info!(status = status_code, latency_ms, "answered");
    }
}

/// The id that a proxy in front gave, or one that is unique while this process and its logs live.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID).filter(|id| id.len() <= MAX_REQUEST_ID && id.to_str().is_ok());
    given.cloned().unwrap_or_else(|| {
        static PROCESS: LazyLock<u64> = LazyLock::new(|| getrandom::u64().unwrap_or_default());
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let id = format!("{:016x}-{}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed));
        HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("-"))
    })
}
