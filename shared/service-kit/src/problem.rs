use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

/// An error as `application/problem+json` (RFC 9457).
///
/// `detail` is for people; `reason`, a member of ours, is for programs and never changes its meaning.
///
/// ```
/// use axum::http::StatusCode;
/// use service_kit::Problem;
///
/// let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid_draw", "a die has at least one side");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    status: StatusCode,
    reason: &'static str,
    detail: String,
    members: Map<String, Value>,
}

impl Problem {
    /// A problem with its status, a reason in `snake_case`, and a sentence that helps the caller.
    #[must_use]
    pub fn new(status: StatusCode, reason: &'static str, detail: impl Into<String>) -> Self {
        Self { status, reason, detail: detail.into(), members: Map::new() }
    }

    /// Something went wrong here. What it was goes to the log, not to the caller.
    #[must_use]
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the service failed to answer this request")
    }

    /// Adds a member, for readers who expect one of another protocol.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The members of the document, for an answer that holds several.
    #[must_use]
    pub fn members(self) -> Map<String, Value> {
        let Self { status, reason, detail, mut members } = self;
        members.insert("type".to_owned(), "about:blank".into());
        members.insert("title".to_owned(), status.canonical_reason().unwrap_or("Error").into());
        members.insert("status".to_owned(), status.as_u16().into());
        members.insert("reason".to_owned(), reason.into());
        members.insert("detail".to_owned(), detail.into());
        members
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let body = Value::from(self.members()).to_string();
        (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}
