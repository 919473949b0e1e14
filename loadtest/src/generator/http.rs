//! One request, one answer, over connections that stay open.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{
    Client, Method, StatusCode, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect,
};
use x402::RequestHash;
use x402_buyer::Request;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one answer may take: longer than any settlement.
const ANSWER: Duration = Duration::from_secs(120);
/// The longest answer that is read; the rest of a longer one is left.
const MAX_ANSWER: usize = 4 << 20;

/// The client, shared by all calls.
#[derive(Clone, Debug)]
pub(crate) struct Http(Client);

/// A request that is sent over and over.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    /// What payments for it are bound to.
    pub(crate) hash: RequestHash,
    /// Host and port.
    pub(crate) host: String,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Prepared {
    pub(crate) fn new(request: &Request) -> Self {
        let (parts, mut headers) = (request.parts(), HeaderMap::new());
        let mut header = |name, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        header(ACCEPT, parts.accept);
        if !parts.content_type.is_empty() {
            header(CONTENT_TYPE, parts.content_type);
        }
        Self {
            method: parts.method.parse().unwrap_or_default(),
            url: request.url().clone(),
            body: Bytes::copy_from_slice(parts.body),
            hash: request.hash(),
            host: request.host().to_owned(),
            headers,
        }
    }

    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

impl Http {
    /// Proxies of the environment are not used: their latency is not the seller's.
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none());
        let client = client.connect_timeout(CONNECT).timeout(ANSWER).tcp_nodelay(true);
        client.user_agent(concat!("x402-loadtest/", env!("CARGO_PKG_VERSION"))).build().map(Self)
    }

    /// Sends a request, with a payment if there is one. The error is what went wrong in few words.
    pub(crate) async fn send(
        &self,
        request: &Prepared,
        payment: Option<&(&'static str, String)>,
    ) -> Result<HttpAnswer, String> {
        let builder = self.0.request(request.method.clone(), request.url.clone());
        let builder = builder.headers(request.headers.clone()).body(request.body.clone());
        let builder = match payment {
            Some((name, value)) => builder.header(*name, value),
            None => builder,
        };
        let mut response = builder.send().await.map_err(|error| kind(&error))?;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| kind(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err("answer too long".to_owned());
            }
        }
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok(HttpAnswer { status, headers, body: body.freeze() })
    }

    /// A free document.
    pub(crate) async fn get(&self, url: &str) -> Result<(StatusCode, Bytes), String> {
        let response = self.0.get(url).send().await.map_err(|error| kind(&error))?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| kind(&error))?;
        Ok((status, body))
    }
}

/// Few enough kinds to count.
fn kind(error: &reqwest::Error) -> String {
    let kind = match () {
        () if error.is_timeout() => "timeout",
        () if error.is_connect() => "connection refused",
        () if error.is_request() => "connection lost",
        () if error.is_body() || error.is_decode() => "answer cut off",
        () => "transport",
    };
    kind.to_owned()
}
