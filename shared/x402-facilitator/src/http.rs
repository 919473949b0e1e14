use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde::de::DeserializeOwned;

use crate::{admission::Rejection, facilitator::FacilitatorError};

/// The HTTP client could not be set up: the system has no usable TLS roots, say.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client can be set up")]
pub struct ClientError(#[from] reqwest::Error);

/// Why a request has no answer.
pub(crate) enum Fault {
    /// The server did not act on it.
    NotDone(FacilitatorError),
    /// It may have.
    Unsure(FacilitatorError),
}

/// The longest answer that is read. A facilitator's answers are a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A client that follows no redirect: neither an RPC nor a facilitator has a reason to send us elsewhere.
pub(crate) fn client(connect_timeout: Duration) -> Result<Client, ClientError> {
    Ok(Client::builder().connect_timeout(connect_timeout).redirect(Policy::none()).build()?)
}

/// Sends a request and reads the JSON of its answer, whatever the status: facilitators differ in which they use.
pub(crate) async fn fetch<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Fault> {
    let response = request.send().await.map_err(|error| {
        let unsent = error.is_connect() || error.is_builder();
        let error = FacilitatorError::Unreachable(describe(error));
        if unsent { Fault::NotDone(error) } else { Fault::Unsure(error) }
    })?;
    let status = response.status();
    let body = read(response).await.map_err(Fault::Unsure)?;
    serde_json::from_slice(&body).map_err(|error| match status {
        _ if is_turned_away(status) => Fault::NotDone(FacilitatorError::Status(status.as_u16())),
        _ if !status.is_success() => Fault::Unsure(FacilitatorError::Status(status.as_u16())),
        _ => Fault::Unsure(FacilitatorError::BadAnswer(error.to_string())),
    })
}

/// An error and its causes in one line, without the URL: an RPC's URL often carries a secret.
pub(crate) fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

async fn read(mut response: Response) -> Result<Vec<u8>, FacilitatorError> {
    let mut body = Vec::new();
    let broken = |error| FacilitatorError::Unreachable(describe(error));
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(FacilitatorError::BadAnswer(format!("longer than {MAX_ANSWER_BYTES} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The statuses by which a server says that it did not look at the request.
fn is_turned_away(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 403 | 404 | 405 | 413 | 415 | 429)
}

/// For requests that change nothing, the two faults are one.
impl From<Fault> for FacilitatorError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotDone(error) | Fault::Unsure(error) => error,
        }
    }
}

impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(fault.into())
    }
}
