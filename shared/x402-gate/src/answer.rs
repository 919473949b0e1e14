//! What a handler answered, kept so that it can be sent again.

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use crate::{body, ledger::Answer};

/// Headers that belong to one connection, or that the gate sets itself.
const NOT_KEPT: [header::HeaderName; 6] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    header::UPGRADE,
    header::TRAILER,
    header::DATE,
];

impl Answer {
    /// An answer in the place of one that never came.
    pub(crate) fn bare(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// Reads a handler's answer whole. One that breaks off or is longer than what is stored is a failure of the handler.
    pub(crate) async fn collect(response: Response, limit: usize) -> Self {
        let (parts, body) = response.into_parts();
        let Ok(body) = body::read(body, limit).await else {
            return Self::bare(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let mut headers = parts.headers;
        for name in &NOT_KEPT {
            headers.remove(name);
        }
        Self { status: parts.status, headers, body }
    }
}
