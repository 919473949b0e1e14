use std::convert::Infallible;

use axum::response::{IntoResponseParts, ResponseParts};
use x402::Usdc;

/// What a call costs, where that turns out in the work: answered beside the body, `(Charge(cost), Json(answer))`. At most
/// the price that was offered.
///
/// A channel is charged just that. A payment of the scheme `exact` is of the price, whatever the work costs: the rest is
/// given back from the refund wallet, once the payment has settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge(pub Usdc);

impl Charge {
    /// What is charged where a call was offered at a price.
    pub(crate) fn within(asked: Option<Self>, price: Usdc, route: &str) -> Usdc {
        let Some(Self(asked)) = asked else { return price };
        if asked > price {
            tracing::error!(route, %asked, %price, "a handler asks for more than was offered");
        }
        asked.min(price)
    }
}

impl IntoResponseParts for Charge {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}
