use std::{sync::Arc, time::Duration};

use axum::body::Body;
use http::Request;
use x402::{PaymentRequirements, ResourceInfo, Usdc};

use crate::{Flow, GateConfig, GateError, Route, body, challenge::Challenge, refusal::Refusal};

/// A route that is for sale.
#[derive(Debug)]
pub(crate) struct Sale {
    pub(crate) route: Route,
    /// `GET /v1/random`: the route's name in the ledger and in metrics.
    pub(crate) name: String,
    resource: ResourceInfo,
    /// The offer at the route's own price, computed once: every request's, unless the request decides.
    standing: Arc<Offer>,
}

/// What is offered to a request, and the 402 that says so.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) requirements: PaymentRequirements,
    pub(crate) challenge: Challenge,
}

const MAX_SERVICE_NAME: usize = 32;

impl Sale {
    pub(crate) fn new(route: Route, config: &GateConfig) -> Result<Self, GateError> {
        if route.is_free() {
            return Err(GateError::NoPrice(route.path));
        }
        let resource = resource(&route, config);
        let standing = Offer::new(requirements(&route, config), resource.clone())?;
        let name = format!("{} {}", route.method, route.path);
        Ok(Self { name, resource, standing: Arc::new(standing), route })
    }

    /// How long a whole sale may take: what the claim's lease covers.
    pub(crate) fn allowance(&self, config: &GateConfig) -> Duration {
        self.route.timeout + config.settlement_allowance
    }

    /// The offer at the route's own price: of one call, or of one unit.
    pub(crate) const fn standing(&self) -> &Arc<Offer> {
        &self.standing
    }

    /// Whether every request is offered the same.
    pub(crate) const fn is_constant(&self) -> bool {
        self.route.price_by.is_none()
    }

    /// The offer to this request, and the request, whose body was read if the price depends on it.
    pub(crate) async fn offer(
        &self,
        config: &GateConfig,
        request: Request<Body>,
    ) -> Result<(Arc<Offer>, Request<Body>), Refusal> {
        let Some(price_by) = &self.route.price_by else { return Ok((self.standing.clone(), request)) };
        let (parts, body) = request.into_parts();
        let body = body::read(body, config.max_request_bytes).await?;
        let price = price_by.of(&parts, &body).map_err(Refusal::Request)?;
        Ok((self.at(price)?, Request::from_parts(parts, Body::from(body))))
    }

    fn at(&self, price: Usdc) -> Result<Arc<Offer>, Refusal> {
        let standing = &self.standing.requirements;
        if price <= standing.amount {
            return Ok(self.standing.clone());
        }
        let requirements = PaymentRequirements { amount: price, ..standing.clone() };
        let offer = Offer::new(requirements, self.resource.clone());
        offer.map(Arc::new).map_err(|error| Refusal::Unavailable(error.to_string()))
    }
}

impl Offer {
    fn new(requirements: PaymentRequirements, resource: ResourceInfo) -> Result<Self, GateError> {
        let challenge = Challenge::new(&requirements, resource)?;
        Ok(Self { requirements, challenge })
    }
}

/// The offered window covers the work, the settlement, and the difference of the clocks.
fn requirements(route: &Route, config: &GateConfig) -> PaymentRequirements {
    let window = route.timeout + config.settlement_allowance + config.clock_skew;
    let mut offer = PaymentRequirements::exact(config.network, route.price, config.pay_to, window.as_secs());
    let extra = offer.extra.get_or_insert_default();
    extra.extend(route.extra.clone());
    if route.flow == Flow::Upfront {
        extra.insert("paymentFlow".to_owned(), "upfront".into());
    }
    offer
}

fn resource(route: &Route, config: &GateConfig) -> ResourceInfo {
    let printable = config.service.chars().filter(|c| c.is_ascii_graphic() || *c == ' ');
    ResourceInfo {
        url: format!("{}{}", config.public_url, route.path),
        description: Some(route.summary.clone()),
        mime_type: Some("application/json".to_owned()),
        service_name: Some(printable.take(MAX_SERVICE_NAME).collect()),
        ..ResourceInfo::default()
    }
}
