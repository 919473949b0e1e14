//! One run of a handler: the same however the call is paid.

use axum::{body::Body, response::Response};
use http::{Request, StatusCode};
use tokio_util::task::AbortOnDropHandle;
use tower::{ServiceExt, util::BoxCloneSyncService};

use crate::{Attachment, Charge, Gate, Payment, ledger::Answer, sale::Sale};

/// The handler of a priced route.
pub(crate) type Handler = BoxCloneSyncService<Request<Body>, Response, std::convert::Infallible>;

/// What came of a handler's run.
pub(crate) struct Run {
    pub(crate) answer: Answer,
    pub(crate) charge: Option<Charge>,
    pub(crate) attachment: Option<Attachment>,
}

impl Run {
    /// One that came to nothing.
    pub(crate) fn failed(status: StatusCode) -> Self {
        Self { answer: Answer::bare(status), charge: None, attachment: None }
    }
}

/// Runs a handler in a task of its own, so that a panic is a failed run and no more.
/// `None` when the process itself is ending: that is no fault of the work.
pub(crate) async fn run(
    gate: &Gate,
    sale: &Sale,
    handler: Handler,
    payment: Payment,
    mut request: Request<Body>,
) -> Option<Run> {
    let (id, limit) = (payment.id, gate.0.config.max_answer_bytes);
    request.extensions_mut().insert(payment);
    // Dropped where the payment was lost to somebody else, who runs it too.
    let mut running = AbortOnDropHandle::new(tokio::spawn(async move {
        let Ok(mut response) = handler.oneshot(request).await;
        let extensions = response.extensions_mut();
        let (charge, attachment) = (extensions.remove::<Charge>(), extensions.remove::<Attachment>());
        Run { answer: Answer::collect(response, limit).await, charge, attachment }
    }));
    match tokio::time::timeout(sale.route.timeout, &mut running).await {
        Ok(Ok(run)) => Some(run),
        Ok(Err(end)) if end.is_cancelled() => None,
        Ok(Err(panic)) => {
            tracing::error!(payment = %id, route = sale.name, %panic, "the handler panicked");
            Some(Run::failed(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Err(_) => {
            tracing::warn!(payment = %id, route = sale.name, "the handler ran out of time");
            Some(Run::failed(StatusCode::GATEWAY_TIMEOUT))
        }
    }
}
