use http::HeaderName;
use tower_http::cors::{Any, CorsLayer};
use x402::{PAYMENT_REQUIRED, PAYMENT_RESPONSE, X_PAYMENT_RESPONSE};

/// Lets any page pay: every origin, method and request header, and the protocol's answers readable.
///
/// Nothing here rests on cookies, so there are no credentials to protect from other origins.
pub(crate) fn layer() -> CorsLayer {
    let exposed = [
        HeaderName::from_static(PAYMENT_REQUIRED),
        HeaderName::from_static(PAYMENT_RESPONSE),
        HeaderName::from_static(X_PAYMENT_RESPONSE),
        http::header::LINK,
        http::header::RETRY_AFTER,
    ];
    CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any).expose_headers(exposed).vary([])
}
