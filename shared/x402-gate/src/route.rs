use std::{fmt, sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Method, request::Parts};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};
use x402::{Finality, Usdc};

use crate::price::PriceBy;

/// In which order a route works and takes its money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Work first, settle when it succeeded, then deliver. A failed run costs the buyer nothing.
    Authorize,
    /// Settle first, then work. For what must not be peeked at, or costs too much to be done on trust. A failed run
    /// leaves a refund due. Declared to clients as `extra.paymentFlow: "upfront"`.
    Upfront,
}

/// One thing that is sold: the single place where its price is written.
///
/// The gate charges by it, and every document (offers, OpenAPI, `/.well-known/x402`) is made from it.
#[derive(Clone, Debug)]
pub struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) price: Usdc,
    pub(crate) price_by: Option<PriceBy>,
    pub(crate) flow: Flow,
    pub(crate) finality: Option<Finality>,
    pub(crate) summary: String,
    pub(crate) timeout: Duration,
    pub(crate) extra: Map<String, Value>,
    pub(crate) query: Option<Schema>,
    pub(crate) request: Option<Schema>,
    pub(crate) response: Option<Schema>,
    pub(crate) check: Option<RequestCheck>,
    pub(crate) live: Option<LiveExtra>,
}

/// A field of the offer's `extra` that changes while the service runs.
#[derive(Clone)]
pub(crate) struct LiveExtra {
    pub(crate) name: String,
    pub(crate) value: Arc<dyn Fn() -> Value + Send + Sync>,
}

impl fmt::Debug for LiveExtra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveExtra").field("name", &self.name).finish_non_exhaustive()
    }
}

type CheckFn = dyn Fn(&Parts, &Bytes) -> Result<(), Box<Response>> + Send + Sync;

#[derive(Clone)]
pub(crate) struct RequestCheck(pub(crate) Arc<CheckFn>);

impl fmt::Debug for RequestCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestCheck")
    }
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// What is delivered on a node's word, unless the route says otherwise: five cents.
const PRECONF_UP_TO: Usdc = Usdc::from_atomic(50_000);

impl Route {
    /// A route at an axum path, free until [`Route::price`] is set.
    #[must_use]
    pub fn new(method: Method, path: &'static str) -> Self {
        Self {
            method,
            path,
            price: Usdc::ZERO,
            price_by: None,
            flow: Flow::Authorize,
            finality: None,
            summary: String::new(),
            timeout: DEFAULT_TIMEOUT,
            extra: Map::new(),
            query: None,
            request: None,
            response: None,
            check: None,
            live: None,
        }
    }

    /// A `GET` route.
    #[must_use]
    pub fn get(path: &'static str) -> Self {
        Self::new(Method::GET, path)
    }

    /// A `POST` route.
    #[must_use]
    pub fn post(path: &'static str) -> Self {
        Self::new(Method::POST, path)
    }

    /// What one call costs.
    #[must_use]
    pub const fn price(mut self, price: Usdc) -> Self {
        self.price = price;
        self
    }

    /// Prices each call by what it asks for: a pure function of the request, whose body is read whole and capped before.
    ///
    /// [`Route::price`] is then the price of one `unit` ("persona", "page"), which the documents name, and the least that a
    /// call costs. The offer to a request is made for that request, so whoever asks without a payment sends what they mean to
    /// buy. A request that cannot be priced is answered with the error, before any payment.
    #[must_use]
    pub fn price_by<F, E>(mut self, unit: &'static str, price: F) -> Self
    where
        F: Fn(&Parts, &Bytes) -> Result<Usdc, E> + Send + Sync + 'static,
        E: IntoResponse,
    {
        self.price_by = Some(PriceBy::new(unit, price));
        self
    }

    /// Settles before working: [`Flow::Upfront`].
    #[must_use]
    pub const fn upfront(mut self) -> Self {
        self.flow = Flow::Upfront;
        self
    }

    /// Delivers on this level of certainty, however much is paid. Unless set, what costs up to five cents is delivered on
    /// `preconf`, which is the word of the node that took the transaction, and what costs more on `block`, when the chain shows
    /// it in a block. On `safe` the answer waits for minutes: the payment is `settlement_pending` until then, its status stands at
    /// `/payments/{id}`, and its buyer asks again. Channels have rules of their own ([`ChannelSettings`](crate::ChannelSettings)).
    #[must_use]
    pub const fn finality(mut self, finality: Finality) -> Self {
        self.finality = Some(finality);
        self
    }

    /// One sentence for people and agents.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        self
    }

    /// How long a handler may work before the call counts as failed. 30 seconds unless set.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Adds a field to the offer's `extra`: what a buyer must know, and keep, before paying.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: Value) -> Self {
        self.extra.insert(name.into(), value);
        self
    }

    /// The same for one field that changes while the service runs, as the key of a day does. It is asked for with every
    /// offer, so it must be at hand. A payment that accepted an earlier value is refused, unclaimed, with the new offer.
    #[must_use]
    pub fn extra_now(
        mut self,
        name: impl Into<String>,
        value: impl Fn() -> Value + Send + Sync + 'static,
    ) -> Self {
        self.live = Some(LiveExtra { name: name.into(), value: Arc::new(value) });
        self
    }

    /// Refuses a request that could never be served, before any money moves: a pure function of the request.
    /// It sees every request that carries a payment; what it answers goes to the buyer uncharged.
    #[must_use]
    pub fn check<F, E>(mut self, check: F) -> Self
    where
        F: Fn(&Parts, &Bytes) -> Result<(), E> + Send + Sync + 'static,
        E: IntoResponse,
    {
        let check = move |parts: &Parts, body: &Bytes| {
            check(parts, body).map_err(|refused| Box::new(refused.into_response()))
        };
        self.check = Some(RequestCheck(Arc::new(check)));
        self
    }

    /// The shape of the query string, for the documents.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(schema::<T>());
        self
    }

    /// The shape of the JSON body, for the documents.
    #[must_use]
    pub fn request<T: JsonSchema>(mut self) -> Self {
        self.request = Some(schema::<T>());
        self
    }

    /// The shape of the JSON answer, for the documents.
    #[must_use]
    pub fn response<T: JsonSchema>(mut self) -> Self {
        self.response = Some(schema::<T>());
        self
    }

    /// The HTTP method that is sold.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The path, in axum's form (`/v1/items/{id}`), which is OpenAPI's too.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The price of one call, or of one [`Route::unit`]; zero where the route is free.
    #[must_use]
    pub const fn amount(&self) -> Usdc {
        self.price
    }

    /// What a call is priced by, where that is not the call itself.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        self.price_by.as_ref().map(|price| price.unit)
    }

    /// Whether it costs nothing.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.price.atomic() == 0
    }

    /// The order of work and money.
    #[must_use]
    pub const fn flow(&self) -> Flow {
        self.flow
    }

    /// How certain a payment of [`Route::amount`] must be for its answer to be delivered.
    #[must_use]
    pub const fn delivers_on(&self) -> Finality {
        self.finality_at(self.price)
    }

    pub(crate) const fn finality_at(&self, amount: Usdc) -> Finality {
        match self.finality {
            Some(finality) => finality,
            None if amount.atomic() <= PRECONF_UP_TO.atomic() => Finality::Preconf,
            None => Finality::Block,
        }
    }

    /// The sentence set by [`Route::summary`].
    #[must_use]
    pub fn description(&self) -> &str {
        &self.summary
    }

    /// JSON Schema of the query string.
    #[must_use]
    pub const fn query_schema(&self) -> Option<&Schema> {
        self.query.as_ref()
    }

    /// JSON Schema of the body.
    #[must_use]
    pub const fn request_schema(&self) -> Option<&Schema> {
        self.request.as_ref()
    }

    /// JSON Schema of the answer.
    #[must_use]
    pub const fn response_schema(&self) -> Option<&Schema> {
        self.response.as_ref()
    }
}

/// JSON Schema 2020-12, which OpenAPI 3.1 uses, with every definition inlined so that it stands alone.
fn schema<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    SchemaGenerator::new(settings).into_root_schema_for::<T>()
}
