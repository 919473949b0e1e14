use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{
    Client, Response, StatusCode,
    header::{HeaderMap, LOCATION},
    redirect,
};

use crate::{Request, challenge::MAX_BODY_OFFER};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// The HTTP side: one request, one answer, read whole within a cap. Redirects are answers here and are never followed.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    http: Client,
    max_answer_bytes: usize,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The connection or the transfer failed.
    #[error("{}", chain(.0))]
    Transport(#[from] reqwest::Error),
    /// The answer is longer than is read.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

impl Exchange {
    pub(crate) fn new(max_answer_bytes: usize) -> Result<Self, reqwest::Error> {
        let builder = Client::builder().redirect(redirect::Policy::none()).connect_timeout(CONNECT);
        let http = builder.user_agent(concat!("x402-buyer/", env!("CARGO_PKG_VERSION"))).build()?;
        Ok(Self { http, max_answer_bytes })
    }

    /// Sends a request, with a payment if there is one.
    pub(crate) async fn send(
        &self,
        request: &Request,
        payment: Option<&(&'static str, String)>,
        timeout: Duration,
    ) -> Result<HttpAnswer, ExchangeError> {
        let mut builder = request.builder(&self.http).timeout(timeout);
        if let Some((name, value)) = payment {
            builder = builder.header(*name, value);
        }
        let response = builder.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let most = match status {
            StatusCode::PAYMENT_REQUIRED => MAX_BODY_OFFER,
            _ => self.max_answer_bytes,
        };
        Ok(HttpAnswer { status, headers, body: read(response, most).await? })
    }
}

impl HttpAnswer {
    /// Where a redirect leads.
    pub(crate) fn redirect(&self) -> Option<String> {
        let location = self.status.is_redirection().then(|| self.headers.get(LOCATION)).flatten()?;
        Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
    }
}

impl ExchangeError {
    /// Whether the same request may fare better later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Transport(error) => !error.is_builder(),
            Self::TooLong(_) => false,
        }
    }
}

async fn read(mut response: Response, most: usize) -> Result<Bytes, ExchangeError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Err(ExchangeError::TooLong(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// An error with its causes: the outermost one of HTTP clients says little.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
