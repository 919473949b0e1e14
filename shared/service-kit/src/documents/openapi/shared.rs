//! What the operations of every service have in common.

use serde_json::{Map, Value, json};

use crate::documents::schema::object;

/// The answers that any priced route may give besides its own.
pub(super) fn responses() -> Value {
    json!({
        "PaymentRequired": {
            "description": "The offer: no payment came with the request, or it was refused for the reason that the offer names.",
            "headers": { "PAYMENT-REQUIRED": header("PaymentRequired: what to pay, to whom, on which network (x402 version 2).") },
            "content": { "application/json": { "schema": {
                "type": "object",
                "description": "The same offer in x402 version 1.",
                "required": ["x402Version", "error", "accepts"],
                "properties": {
                    "x402Version": { "const": 1 },
                    "error": { "type": "string" },
                    "accepts": { "type": "array", "items": { "type": "object" } },
                },
            } } },
        },
        "BadRequest": problem("The request or its payment cannot be read. Nothing was charged."),
        "Conflict": problem("The payment is being worked on, or is for another request. Nothing was charged for this one."),
        "Unavailable": problem(
            "The service cannot take a payment now, or, with a PAYMENT-RESPONSE that says settlement_pending, does not know \
             yet whether it did: send the same payment again, never a new one.",
        ),
    })
}

/// An answer that is an error.
fn problem(description: &str) -> Value {
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    json!({ "description": description, "content": { "application/problem+json": { "schema": schema } } })
}

/// The shapes that answers refer to: an error as RFC 9457 describes it.
pub(super) fn schemas() -> Map<String, Value> {
    object([(
        "Problem",
        json!({
            "type": "object",
            "required": ["type", "title", "status", "reason", "detail"],
            "properties": {
                "type": { "type": "string" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "reason": { "type": "string", "description": "For programs; never changes its meaning." },
                "detail": { "type": "string", "description": "For people." },
            },
        }),
    )])
}

/// A header that is base64 of a JSON object.
pub(super) fn header(description: &str) -> Value {
    json!({
        "description": description,
        "schema": { "type": "string", "contentEncoding": "base64", "contentMediaType": "application/json" },
    })
}

/// How a payment goes with a request.
pub(super) fn security_schemes() -> Value {
    json!({ "x402": {
        "type": "apiKey",
        "in": "header",
        "name": "PAYMENT-SIGNATURE",
        "description": "A payment for this one request: base64 of a PaymentPayload (x402 version 2), signed by the payer. \
                        Version 1 clients send X-PAYMENT. Without either the answer is 402 with the offer.",
    } })
}

/// What every service answers for free.
pub(super) fn standing_paths() -> Map<String, Value> {
    let json_answer = |description: &str| json!({ "200": { "description": description, "content": { "application/json": { "schema": { "type": "object" } } } } });
    object([
        (
            "/payments/{id}",
            json!({ "get": {
                "operationId": "get_payment",
                "summary": "What became of a payment.",
                "security": [],
                "parameters": [{
                    "name": "id", "in": "path", "required": true,
                    "description": "keccak256(\"x402-payment/v1\" || u64be chainId || asset || payer || nonce)",
                    "schema": { "type": "string", "pattern": "^0x[0-9a-fA-F]{64}$" },
                }],
                "responses": json_answer("Where its money and its work are."),
            } }),
        ),
        (
            "/refunds",
            json!({ "post": {
                "operationId": "post_refunds",
                "summary": "Asks for what is owed back of a payment. It is given back unasked; this says how far that is, and makes it be tried at once.",
                "security": [],
                "requestBody": { "required": true, "content": { "application/json": { "schema": refund_request() } } },
                "responses": refund_responses(),
            } }),
        ),
        (
            "/.well-known/x402",
            json!({ "get": {
                "operationId": "get_x402",
                "summary": "Everything that is sold here, for programs that shop.",
                "security": [],
                "responses": json_answer("The priced routes with their offers."),
            } }),
        ),
    ])
}

/// Names a payment: by its id, or by transaction and payer.
fn refund_request() -> Value {
    let hash = json!({ "type": "string", "pattern": "^0x[0-9a-fA-F]{64}$" });
    let address = json!({ "type": "string", "pattern": "^0x[0-9a-fA-F]{40}$" });
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": { "paymentId": hash, "transaction": hash, "payer": address, "refundTo": address },
        "anyOf": [{ "required": ["paymentId"] }, { "required": ["transaction", "payer"] }],
    })
}

fn refund_responses() -> Value {
    let shown = |description: &str| json!({ "description": description, "content": { "application/json": { "schema": { "type": "object" } } } });
    json!({
        "200": shown("It was given back."),
        "202": shown("It is owed, and being tried."),
        "400": problem("No payment is named, or the refund would go to somebody else than the payer."),
        "404": problem("This seller never claimed that payment."),
        "409": problem("Nothing is owed back, or the name fits several payments."),
        "429": problem("Too many requests without a payment."),
        "503": problem("It is not known yet whether the payment settled: ask again."),
    })
}
