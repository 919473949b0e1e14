use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use futures_util::future::{BoxFuture, Either};
use http::{Method, Request};
use tower::{Layer, Service, util::BoxCloneSyncService};

use crate::{
    Gate, admit, channel,
    deliver::{self, Caller},
    incoming,
    run::Handler,
    sale::Sale,
};

/// Puts a price before a service. Made by [`Gate::layer`].
#[derive(Clone)]
pub struct GateLayer {
    gate: Gate,
    sale: Arc<Sale>,
}

/// A service behind its price. Made by [`GateLayer`].
///
/// A router clones it for every request, most of which pay nothing and never meet the handler.
#[derive(Clone)]
pub struct GateService(Arc<Priced>);

struct Priced {
    gate: Gate,
    sale: Arc<Sale>,
    handler: Handler,
}

impl GateLayer {
    pub(crate) const fn new(gate: Gate, sale: Arc<Sale>) -> Self {
        Self { gate, sale }
    }

    pub(crate) const fn sale(&self) -> &Arc<Sale> {
        &self.sale
    }
}

impl<S> Layer<S> for GateLayer
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    type Service = GateService;

    fn layer(&self, inner: S) -> GateService {
        let (gate, sale) = (self.gate.clone(), self.sale.clone());
        GateService(Arc::new(Priced { gate, sale, handler: BoxCloneSyncService::new(inner) }))
    }
}

impl Service<Request<Body>> for GateService {
    type Response = Response;
    type Error = Infallible;
    type Future =
        Either<Ready<Result<Response, Infallible>>, BoxFuture<'static, Result<Response, Infallible>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    /// Only the method that is sold, with a payment, goes on to the handler. A `HEAD`, which axum would answer by running
    /// the `GET` handler, is a question about the price, and so is a `GET` of what is sold by another method, unless it asks for
    /// a channel's refund.
    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Priced { gate, sale, .. } = &*self.0;
        let sold = *request.method() == sale.route.method && *request.method() != Method::HEAD;
        let carries = incoming::carries_payment(request.headers());
        let paid = carries && (sold || channel::is_refund(gate, request.headers()));
        if !paid && !gate.admits(request.headers(), request.extensions()) {
            return Either::Left(ready(Ok(deliver::too_often())));
        }
        if !paid && (sale.is_constant() || !sold) {
            gate.counters().challenges.increment(1);
            return Either::Left(ready(Ok(sale.standing().challenge.respond(request.headers()))));
        }
        let service = self.clone();
        Either::Right(Box::pin(async move { Ok(service.answer(request, paid, sold).await) }))
    }
}

impl GateService {
    async fn answer(self, request: Request<Body>, paid: bool, sold: bool) -> Response {
        let Priced { gate, sale, handler } = &*self.0;
        let caller = Caller::of(request.headers());
        let offered = match sold {
            true => sale.offer(&gate.0.config, request).await,
            // It asks for a refund, which has no price.
            false => Ok((sale.standing(), request)),
        };
        match offered {
            Ok((offer, request)) if paid => admit::sell(gate, sale, offer, request, handler.clone()).await,
            Ok((offer, request)) => {
                gate.counters().challenges.increment(1);
                offer.challenge.respond(request.headers())
            }
            Err(refusal) => deliver::refuse(gate, sale, &sale.standing(), caller, refusal),
        }
    }
}
