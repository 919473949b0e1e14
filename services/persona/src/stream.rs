//! The same answer as server-sent events: a persona an event, then the rest with what was paid.
//!
//! An answer is on disk before its money moves and leaves after, so the events come together when all are made: what streams is the
//! reading, not the making.

use axum::{
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use service_kit::{Payment, Problem};

use crate::answer::Answer;

const EVENT_STREAM: &str = "text/event-stream";

/// Whether the client would rather have events.
pub(crate) fn wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == EVENT_STREAM))
}

/// `persona` events, and one `answer` event with everything else.
pub(crate) fn events(answer: &Answer, payment: &Payment) -> Result<Response, Problem> {
    let mut rest = serde_json::to_value(answer).map_err(Problem::internal)?;
    let personas = rest["answers"].take();
    let mut body = String::new();
    for (at, persona) in personas.as_array().into_iter().flatten().enumerate() {
        event(&mut body, "persona", at, persona);
    }
    if let Some(rest) = rest.as_object_mut() {
        rest.remove("answers");
    }
    rest["payment"] = json!({
        "id": payment.id.to_string(),
        "scheme": payment.scheme,
        "amount": payment.amount.atomic().to_string(),
        "transaction": payment.settled.as_ref().map(|settled| settled.transaction.to_string()),
        "status": format!("/payments/{}", payment.id),
    });
    event(&mut body, "answer", answer.answers.len(), &rest);
    Ok(([(header::CONTENT_TYPE, EVENT_STREAM)], body).into_response())
}

/// JSON has no line breaks of its own, so an event's data is one line.
fn event(body: &mut String, name: &str, id: usize, data: &Value) {
    body.push_str(&format!("id: {id}\nevent: {name}\ndata: {data}\n\n"));
}
