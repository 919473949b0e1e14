//! The facilitator's HTTP interface (specification section 7).

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use service_kit::{JsonBody, Problem};
use x402::{
    ErrorReason, FacilitatorRequest, SettleRequest, SettlementResponse, SupportedResponse, VerifyRequest,
    VerifyResponse,
};
use x402_facilitator::{Facilitator, FacilitatorError};

type Shared = State<Arc<dyn Facilitator>>;
type Body = Result<JsonBody<FacilitatorRequest>, Problem>;

pub(crate) async fn verify(State(facilitator): Shared, body: Body) -> Result<Json<VerifyResponse>, Problem> {
    let refuse = |problem: Problem, reason: ErrorReason| {
        problem.with("isValid", false).with("invalidReason", reason.as_str())
    };
    let JsonBody(request): JsonBody<VerifyRequest> =
        body.map_err(|problem| refuse(problem, ErrorReason::INVALID_PAYLOAD))?;
    let verdict = facilitator.verify(&request).await;
    let verdict = verdict.map_err(|error| refuse(away(&error), ErrorReason::UNEXPECTED_VERIFY_ERROR))?;
    Ok(Json(verdict.into()))
}

pub(crate) async fn settle(
    State(facilitator): Shared,
    body: Body,
) -> Result<Json<SettlementResponse>, Problem> {
    let refuse = |problem: Problem, reason: ErrorReason| {
        problem.with("success", false).with("errorReason", reason.as_str()).with("transaction", "")
    };
    let JsonBody(request): JsonBody<SettleRequest> =
        body.map_err(|problem| refuse(problem, ErrorReason::INVALID_PAYLOAD))?;
    let outcome = facilitator.settle(&request).await;
    let outcome = outcome.map_err(|error| refuse(away(&error), ErrorReason::UNEXPECTED_SETTLE_ERROR))?;
    Ok(Json(outcome.into_response(&request)))
}

pub(crate) async fn supported(State(facilitator): Shared) -> Result<Json<SupportedResponse>, Problem> {
    facilitator.supported().await.map(Json).map_err(|error| away(&error))
}

/// The chain is away, and nothing was sent. The error may quote the node, which is ours to read, not the caller's.
fn away(error: &FacilitatorError) -> Problem {
    tracing::warn!(%error, "a payment could not be judged");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "chain_unavailable", "the chain does not answer; ask again")
}
