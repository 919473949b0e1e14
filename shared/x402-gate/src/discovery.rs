use std::sync::Arc;

use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::{Flow, Gate, GateConfig, sale::Sale};

/// `/.well-known/x402`: what is sold here, for programs that shop.
fn document(config: &GateConfig, sales: &[Arc<Sale>]) -> Bytes {
    let mut document = json!({
        "x402Version": 2,
        "service": config.service,
        "description": config.about,
        "network": config.network.caip2(),
        "payTo": config.pay_to,
        "resources": sales.iter().map(|sale| resource(config, sale)).collect::<Vec<_>>(),
        "paymentStatus": format!("{}/payments/{{paymentId}}", config.public_url),
    });
    if let Some(receipts) = &config.receipts {
        document["receiptKey"] = json!(receipts.delegation());
    }
    document.to_string().into()
}

fn resource(config: &GateConfig, sale: &Sale) -> Value {
    let route = &sale.route;
    let mut resource = json!({
        "method": route.method.as_str(),
        "resource": format!("{}{}", config.public_url, route.path),
        "description": route.summary,
        "price": route.price.to_string(),
        "settles": match route.flow { Flow::Authorize => "after the work", Flow::Upfront => "before the work" },
        "finality": route.delivers_on(),
        "accepts": sale.standing().accepts().collect::<Vec<_>>(),
    });
    if let Some(unit) = route.unit() {
        // Then `price` and `accepts` are of one unit; what a call costs stands in its 402.
        resource["pricedBy"] = unit.into();
    }
    resource
}

/// Made anew for each reader: what is offered may change.
pub(crate) fn router(gate: &Gate, sales: Vec<Arc<Sale>>) -> Router {
    let (gate, sales) = (gate.clone(), Arc::new(sales));
    let answer = async move || ([(CONTENT_TYPE, "application/json")], document(&gate.0.config, &sales));
    Router::new().route("/.well-known/x402", get(answer))
}
