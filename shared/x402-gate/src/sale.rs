use std::time::Duration;

use x402::{PaymentRequirements, ResourceInfo};

use crate::{Flow, GateConfig, GateError, Route, challenge::Challenge};

/// A route on offer: everything about it that no request changes, computed once.
#[derive(Debug)]
pub(crate) struct Sale {
    pub(crate) route: Route,
    /// `GET /v1/random`: the route's name in the ledger and in metrics.
    pub(crate) name: String,
    pub(crate) requirements: PaymentRequirements,
    pub(crate) challenge: Challenge,
}

const MAX_SERVICE_NAME: usize = 32;

impl Sale {
    pub(crate) fn new(route: Route, config: &GateConfig) -> Result<Self, GateError> {
        if route.price.atomic() == 0 {
            return Err(GateError::NoPrice(route.path));
        }
        let requirements = requirements(&route, config);
        let resource = resource(&route, config);
        let challenge = Challenge::new(&requirements, resource)?;
        Ok(Self { name: format!("{} {}", route.method, route.path), requirements, challenge, route })
    }

    /// How long a whole sale may take: what the claim's lease covers.
    pub(crate) fn allowance(&self, config: &GateConfig) -> Duration {
        self.route.timeout + config.settlement_allowance
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
