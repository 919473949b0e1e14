//! Requests and answers, read whole.

use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method, StatusCode, Uri,
    body::{Bytes, Incoming},
    header::{self, HeaderName, HeaderValue},
};

use super::call::Calls;

/// What a client asked.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) calls: Calls,
}

/// What it is told.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// There is no answer: the connection is closed instead.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
pub(crate) struct NoAnswer;

/// Headers that belong to one connection and not to the message.
const OF_THE_CONNECTION: [HeaderName; 7] = [
    header::CONNECTION,
    header::EXPECT,
    HeaderName::from_static("keep-alive"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

impl Request {
    pub(crate) async fn read(request: hyper::Request<Incoming>) -> Result<Self, NoAnswer> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| NoAnswer)?.to_bytes();
        let mut headers = without_the_connection(parts.headers);
        headers.remove(header::HOST); // the server has its own,
        headers.remove(header::CONTENT_LENGTH); // and the body may change
        Ok(Self { method: parts.method, uri: parts.uri, headers, calls: Calls::read(&body), body })
    }

    /// The same request with other calls.
    pub(crate) fn asking(&self, calls: Calls) -> Self {
        Self { body: calls.to_bytes(), calls, ..self.clone() }
    }
}

impl Answer {
    /// An answer of the server.
    pub(crate) async fn read(response: reqwest::Response) -> Result<Self, NoAnswer> {
        let (status, headers) = (response.status(), without_the_connection(response.headers().clone()));
        Ok(Self { status, headers, body: response.bytes().await.map_err(|_| NoAnswer)? })
    }

    /// An answer of our own.
    pub(crate) fn of(status: StatusCode) -> Self {
        let text = status.canonical_reason().unwrap_or_default();
        let text_plain = HeaderValue::from_static("text/plain");
        Self { status, headers: HeaderMap::new(), body: text.into() }.with(header::CONTENT_TYPE, text_plain)
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same answer with another body.
    pub(crate) fn saying(mut self, body: impl Into<Bytes>) -> Self {
        self.headers.remove(header::CONTENT_LENGTH);
        self.headers.remove(header::CONTENT_ENCODING);
        self.body = body.into();
        self
    }
}

impl From<Answer> for hyper::Response<Full<Bytes>> {
    fn from(answer: Answer) -> Self {
        let mut response = Self::new(Full::new(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }
}

fn without_the_connection(mut headers: HeaderMap) -> HeaderMap {
    for name in &OF_THE_CONNECTION {
        headers.remove(name);
    }
    headers
}
