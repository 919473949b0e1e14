use std::{collections::HashSet, convert::Infallible, sync::Arc};

use axum::{
    Router,
    body::Body,
    handler::Handler,
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use http::{Method, Request, StatusCode};
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneSyncService};

use crate::{Gate, GateError, GateLayer, Route, sale::Sale};

/// A service's routes, priced and free: the one table that everything else is made from.
///
/// ```
/// use axum::{Json, response::Html, routing};
/// use x402_gate::{Route, Routes};
///
/// let routes: Routes = Routes::new()
///     .paid(Route::get("/v1/answer").price(x402::Usdc::from_atomic(1000)).summary("The answer."), async || Json(42))
///     .free(Route::get("/v1/question").summary("The question.").response::<String>(), async || Json("?"))
///     .page("/", routing::get(async || Html("<h1>Answers</h1>")));
/// assert_eq!(routes.table().count(), 2);
/// ```
pub struct Routes<S = ()> {
    entries: Vec<Entry<S>>,
    pages: Router<S>,
}

struct Entry<S> {
    route: Route,
    sold: bool,
    /// None: the route has a method that cannot be routed, which mounting refuses.
    methods: Option<MethodRouter<S>>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self { entries: Vec::new(), pages: Router::new() }
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
    pub fn paid<H, T>(self, route: Route, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.with(route, true, handler)
    }

    /// Gives away what `handler` answers. The route stands in the documents as the priced ones do.
    #[must_use]
    pub fn free<H, T>(self, route: Route, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.with(route, false, handler)
    }

    fn with<H, T>(mut self, route: Route, sold: bool, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let methods = MethodFilter::try_from(route.method.clone()).ok().map(|filter| on(filter, handler));
        self.entries.push(Entry { route, sold, methods });
        self
    }

    /// Serves what the documents do not list: a page for people, a file. A page at `/` is the service's own home page.
    #[must_use]
    pub fn page(mut self, path: &str, methods: MethodRouter<S>) -> Self {
        self.pages = self.pages.route(path, methods);
        self
    }

    /// The routes that documents list, priced and free, in the order they were added.
    pub fn table(&self) -> impl Iterator<Item = &Route> {
        self.entries.iter().map(|entry| &entry.route)
    }

    /// Gives the handlers their state.
    #[must_use]
    pub fn with_state(self, state: S) -> Routes {
        let entries = self.entries.into_iter().map(|Entry { route, sold, methods }| {
            let methods = methods.map(|methods| methods.with_state(state.clone()));
            Entry { route, sold, methods }
        });
        Routes { entries: entries.collect(), pages: self.pages.with_state(state) }
    }
}

impl Routes {
    /// The router, with every priced handler behind the gate, and what is for sale: there is no way to a handler but
    /// through its price.
    pub(crate) fn into_router(self, gate: &Gate) -> Result<(Router, Vec<Arc<Sale>>), GateError> {
        let (mut router, mut sales, mut names) = (self.pages, Vec::new(), HashSet::new());
        let got = self.entries.iter().filter(|entry| entry.route.method == Method::GET);
        let mut got: HashSet<_> = got.map(|entry| entry.route.path).collect();
        for Entry { route, sold, methods } in self.entries {
            let path = route.path;
            let methods = methods.ok_or_else(|| GateError::Method(route.method.clone()))?;
            if !names.insert((route.method.clone(), path)) {
                return Err(GateError::Twice(format!("{} {path}", route.method)));
            }
            let methods = match sold {
                true => sell(gate, route, methods, &mut sales, got.insert(path))?,
                false => give(&route, methods)?,
            };
            router = router.route(path, methods);
        }
        Ok((router, sales))
    }
}

fn sell(
    gate: &Gate,
    route: Route,
    methods: MethodRouter,
    sales: &mut Vec<Arc<Sale>>,
    get_is_free: bool,
) -> Result<MethodRouter, GateError> {
    // The way to the handler for work that was paid for before a restart: routed, so that path parameters are there.
    let handler = BoxCloneSyncService::new(Router::new().route(route.path, methods.clone()));
    let layer = gate.layer(route)?;
    gate.register(layer.sale(), handler)?;
    sales.push(layer.sale().clone());
    let refunds = (get_is_free && gate.0.channels.is_some()).then(|| layer.clone());
    // Not `layer`, which would also sell the 405 of other methods.
    let methods = methods.route_layer(layer);
    // Stock clients ask for the price and for a refund by `GET`, whatever the method is.
    Ok(match refunds {
        Some(layer) => methods.fallback(move |request| ask(layer.clone(), request)),
        None => methods,
    })
}

/// A question by `GET` about what is sold by another method. The gate never lets it come to a handler.
async fn ask(layer: GateLayer, request: Request<Body>) -> Response {
    let refused = || async { Ok::<_, Infallible>(StatusCode::METHOD_NOT_ALLOWED.into_response()) };
    if request.method() != Method::GET {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Ok(answer) = layer.layer(service_fn(move |_| refused())).oneshot(request).await;
    answer
}

/// A priced route that was added as a free one would be given away by mistake.
fn give(route: &Route, methods: MethodRouter) -> Result<MethodRouter, GateError> {
    if route.is_free() && route.price_by.is_none() { Ok(methods) } else { Err(GateError::Priced(route.path)) }
}
