//! The facilitator's HTTP interface (specification section 7).

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use service_kit::{JsonBody, Problem};
use x402::{
    BATCH_SETTLEMENT, ChannelVerifyResponse, ErrorReason, FacilitatorRequest, SettleRequest,
    SupportedResponse, VerifyRequest, VerifyResponse,
};
use x402_facilitator::{Facilitator, FacilitatorError};

type Shared = State<Arc<dyn Facilitator>>;
type Body = Result<JsonBody<FacilitatorRequest>, Problem>;

pub(crate) async fn verify(State(facilitator): Shared, body: Body) -> Result<Response, Problem> {
    let refuse = |problem: Problem, reason: ErrorReason| {
        problem.with("isValid", false).with("invalidReason", reason.as_str())
    };
    let JsonBody(request): JsonBody<VerifyRequest> =
        body.map_err(|problem| refuse(problem, ErrorReason::INVALID_PAYLOAD))?;
    let unknown = |error| refuse(away(&error), ErrorReason::UNEXPECTED_VERIFY_ERROR);
    if of_channels(&request) {
        let verdict = facilitator.verify_channel(&request).await.map_err(unknown)?;
        return Ok(Json(ChannelVerifyResponse::from(verdict)).into_response());
    }
    let verdict = facilitator.verify(&request).await.map_err(unknown)?;
    Ok(Json(VerifyResponse::from(verdict)).into_response())
}

pub(crate) async fn settle(State(facilitator): Shared, body: Body) -> Result<Response, Problem> {
    let refuse = |problem: Problem, reason: ErrorReason| {
        problem.with("success", false).with("errorReason", reason.as_str()).with("transaction", "")
    };
    let JsonBody(request): JsonBody<SettleRequest> =
        body.map_err(|problem| refuse(problem, ErrorReason::INVALID_PAYLOAD))?;
    let unknown = |error| refuse(away(&error), ErrorReason::UNEXPECTED_SETTLE_ERROR);
    if of_channels(&request) {
        let outcome = facilitator.settle_channel(&request).await.map_err(unknown)?;
        return Ok(Json(outcome.into_response(&request)).into_response());
    }
    let outcome = facilitator.settle(&request).await.map_err(unknown)?;
    Ok(Json(outcome.into_response(&request)).into_response())
}

pub(crate) async fn supported(State(facilitator): Shared) -> Result<Json<SupportedResponse>, Problem> {
    facilitator.supported().await.map(Json).map_err(|error| away(&error))
}

fn of_channels(request: &FacilitatorRequest) -> bool {
    request.payment_requirements.scheme == BATCH_SETTLEMENT
}

/// The chain is away, and nothing was sent. The error may quote the node, which is ours to read, not the caller's.
fn away(error: &FacilitatorError) -> Problem {
    tracing::warn!(%error, "a payment could not be judged");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "chain_unavailable", "the chain does not answer; ask again")
}
