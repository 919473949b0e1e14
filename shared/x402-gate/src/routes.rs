use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, MethodRouter, on},
};

use tower::util::BoxCloneSyncService;

use crate::{Gate, GateError, Route};

/// A service's routes, priced and free: the one table that everything else is made from.
///
/// ```
/// use axum::Json;
/// use x402_gate::{Route, Routes};
///
/// let routes: Routes = Routes::new().paid(
///     Route::get("/v1/answer").price(x402::Usdc::from_atomic(1000)).summary("The answer."),
///     async || Json(42),
/// );
/// assert_eq!(routes.table().len(), 1);
/// ```
pub struct Routes<S = ()> {
    /// No methods: the route has one that cannot be routed, which mounting refuses.
    paid: Vec<(Route, Option<MethodRouter<S>>)>,
    table: Vec<Route>,
    free: Router<S>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self { paid: Vec::new(), table: Vec::new(), free: Router::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sells what `handler` answers.
    #[must_use]
    pub fn paid<H, T>(mut self, route: Route, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let methods = MethodFilter::try_from(route.method.clone()).ok().map(|filter| on(filter, handler));
        self.paid.push((route.clone(), methods));
        self.table.push(route);
        self
    }

    /// Gives something away.
    #[must_use]
    pub fn free(mut self, path: &str, methods: MethodRouter<S>) -> Self {
        self.free = self.free.route(path, methods);
        self
    }

    /// The priced routes, in the order they were added.
    #[must_use]
    pub fn table(&self) -> &[Route] {
        &self.table
    }

    /// Gives the handlers their state.
    #[must_use]
    pub fn with_state(self, state: S) -> Routes {
        let paid = self.paid.into_iter().map(|(route, methods)| {
            let methods = methods.map(|methods| methods.with_state(state.clone()));
            (route, methods)
        });
        Routes { paid: paid.collect(), table: self.table, free: self.free.with_state(state) }
    }
}

impl Routes {
    /// The router, with every priced handler behind the gate: there is no way to a handler but through its price.
    pub(crate) fn into_router(self, gate: &Gate) -> Result<Router, GateError> {
        let mut router = self.free;
        for (route, methods) in self.paid {
            let path = route.path;
            let methods = methods.ok_or_else(|| GateError::Method(route.method.clone()))?;
            // The way to the handler for work that was paid for before a restart: routed, so that path parameters are there.
            let handler = BoxCloneSyncService::new(Router::new().route(path, methods.clone()));
            let layer = gate.layer(route)?;
            gate.register(layer.sale(), handler)?;
            // Not `layer`, which would also sell the 405 of other methods.
            router = router.route(path, methods.route_layer(layer));
        }
        Ok(router)
    }
}
