use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::{Flow, GateConfig, GateError, Route, sale::Sale};

/// `/.well-known/x402`: what is sold here, for programs that shop.
pub(crate) fn document(config: &GateConfig, routes: &[Route]) -> Result<Bytes, GateError> {
    let resources = routes.iter().map(|route| resource(config, route)).collect::<Result<Vec<_>, _>>()?;
    let document = json!({
        "x402Version": 2,
        "service": config.service,
        "description": config.about,
        "network": config.network.caip2(),
        "payTo": config.pay_to,
        "resources": resources,
        "paymentStatus": format!("{}/payments/{{paymentId}}", config.public_url),
    });
    Ok(document.to_string().into())
}

fn resource(config: &GateConfig, route: &Route) -> Result<Value, GateError> {
    let sale = Sale::new(route.clone(), config)?;
    Ok(json!({
        "method": route.method.as_str(),
        "resource": format!("{}{}", config.public_url, route.path),
        "description": route.summary,
        "price": route.price.to_string(),
        "settles": match route.flow { Flow::Authorize => "after the work", Flow::Upfront => "before the work" },
        "accepts": [sale.requirements],
    }))
}

pub(crate) fn router(document: Bytes) -> Router {
    let answer = move || async move { ([(CONTENT_TYPE, "application/json")], document) };
    Router::new().route("/.well-known/x402", get(answer))
}
