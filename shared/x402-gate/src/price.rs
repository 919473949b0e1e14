use std::{fmt, sync::Arc};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use x402::Usdc;

type PriceFn = dyn Fn(&Parts, &Bytes) -> Result<Usdc, Box<Response>> + Send + Sync;

/// A price that depends on the request, and on nothing else.
#[derive(Clone)]
pub(crate) struct PriceBy {
    pub(crate) unit: &'static str,
    price: Arc<PriceFn>,
}

impl PriceBy {
    pub(crate) fn new<F, E>(unit: &'static str, price: F) -> Self
    where
        F: Fn(&Parts, &Bytes) -> Result<Usdc, E> + Send + Sync + 'static,
        E: IntoResponse,
    {
        let price = move |parts: &Parts, body: &Bytes| {
            price(parts, body).map_err(|refused| Box::new(refused.into_response()))
        };
        Self { unit, price: Arc::new(price) }
    }

    /// What this request costs, or the answer to one that has no price.
    pub(crate) fn of(&self, parts: &Parts, body: &Bytes) -> Result<Usdc, Box<Response>> {
        (self.price)(parts, body)
    }
}

impl fmt::Debug for PriceBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PriceBy({})", self.unit)
    }
}
