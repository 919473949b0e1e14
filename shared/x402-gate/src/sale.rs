use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use axum::body::Body;
use http::Request;
use x402::{ChannelTerms, Extensions, Finality, PaymentIdentifier, PaymentRequirements, ResourceInfo, Usdc};
use x402_facilitator::Settled;

use crate::{
    Flow, GateConfig, GateError, ReceiptSigner, Route,
    admit::now,
    body,
    challenge::Challenge,
    channel,
    lease::LEASE,
    ledger::{Answer, Record},
    refusal::Refusal,
};

/// A route that is for sale.
#[derive(Debug)]
pub(crate) struct Sale {
    pub(crate) route: Route,
    /// `GET /v1/random`: the route's name in the ledger and in metrics.
    pub(crate) name: String,
    resource: ResourceInfo,
    signer: Option<Arc<ReceiptSigner>>,
    terms: Option<ChannelTerms>,
    /// The offer at the route's own price: every request's, unless the request decides. Signed anew now and then, and
    /// swapped in whole.
    standing: RwLock<Arc<Offer>>,
    signing: Mutex<()>,
}

/// What is offered to a request, and the 402 that says so.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) requirements: PaymentRequirements,
    pub(crate) flow: Flow,
    /// The same from a channel.
    pub(crate) channel: Option<PaymentRequirements>,
    pub(crate) challenge: Challenge,
    made: Instant,
}

const MAX_SERVICE_NAME: usize = 32;
/// How old a signed offer gets.
const SIGNED_FOR: Duration = Duration::from_secs(60);

impl Sale {
    pub(crate) fn new(route: Route, config: &GateConfig) -> Result<Self, GateError> {
        if route.is_free() {
            return Err(GateError::NoPrice(route.path));
        }
        let (resource, signer) = (resource(&route, config), config.receipts.clone());
        let terms = config.channels;
        let offered = (requirements(&route, config), route.flow);
        let standing = Offer::new(offered, terms, &resource, signer.as_deref())?;
        let name = format!("{} {}", route.method, route.path);
        let standing = RwLock::new(Arc::new(standing));
        Ok(Self { name, resource, signer, terms, standing, signing: Mutex::new(()), route })
    }

    /// How long a whole sale may take: from the claim to the proof.
    pub(crate) fn allowance(&self, config: &GateConfig) -> Duration {
        self.route.timeout + config.settlement_allowance
    }

    /// What is signed of an answer, once its payment is as certain as the route wants it.
    pub(crate) fn prove(
        &self,
        config: &GateConfig,
        record: &Record,
        answer: &Answer,
        settled: &Settled,
    ) -> Option<String> {
        if settled.finality < self.route.finality_at(record.amount) {
            return None;
        }
        let signer = config.receipts.as_ref()?;
        let proof = signer.receipt(config, &self.resource.url, record, (answer, settled), now());
        serde_json::to_string(&proof).ok()
    }

    /// Whether a payment that was settled and served is certain enough to be delivered.
    pub(crate) fn delivers(&self, record: &Record) -> bool {
        record.settled.is_some_and(|settled| settled.finality >= self.route.finality_at(record.amount))
    }

    /// What the standard's offers and receipts call what is sold.
    pub(crate) fn resource_url(&self) -> &str {
        &self.resource.url
    }

    /// The offer at the route's own price: of one call, or of one unit.
    pub(crate) fn standing(&self) -> Arc<Offer> {
        let offer = self.standing.read().unwrap_or_else(PoisonError::into_inner).clone();
        let changed = self.changed(&offer);
        if changed.is_none() && (self.signer.is_none() || offer.made.elapsed() < SIGNED_FOR) {
            return offer;
        }
        // One signs; the others go on with what there is, which holds long enough.
        let Ok(_one) = self.signing.try_lock() else { return offer };
        match self.price(changed.unwrap_or_else(|| offer.requirements.clone())) {
            Ok(signed) => {
                let signed = Arc::new(signed);
                *self.standing.write().unwrap_or_else(PoisonError::into_inner) = signed.clone();
                signed
            }
            Err(_) => offer,
        }
    }

    /// What is offered now, where a field of it is no longer what it was.
    fn changed(&self, offer: &Offer) -> Option<PaymentRequirements> {
        let live = self.route.live.as_ref()?;
        let (value, extra) = ((live.value)(), offer.requirements.extra.as_ref());
        if extra.and_then(|extra| extra.get(&live.name)) == Some(&value) {
            return None;
        }
        let mut requirements = offer.requirements.clone();
        requirements.extra.get_or_insert_default().insert(live.name.clone(), value);
        Some(requirements)
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
        let Some(price_by) = &self.route.price_by else { return Ok((self.standing(), request)) };
        let (parts, body) = request.into_parts();
        let body = body::read(body, config.max_request_bytes).await?;
        let price = price_by.of(&parts, &body).map_err(Refusal::Request)?;
        Ok((self.at(price)?, Request::from_parts(parts, Body::from(body))))
    }

    fn at(&self, price: Usdc) -> Result<Arc<Offer>, Refusal> {
        let standing = self.standing();
        if price <= standing.requirements.amount {
            return Ok(standing);
        }
        let offer = self.price(PaymentRequirements { amount: price, ..standing.requirements.clone() });
        offer.map(Arc::new).map_err(|error| Refusal::Unavailable(error.to_string()))
    }

    fn price(&self, requirements: PaymentRequirements) -> Result<Offer, GateError> {
        Offer::new((requirements, self.route.flow), self.terms, &self.resource, self.signer.as_deref())
    }

    /// The same offer, to be paid before the work. Anybody may choose it.
    pub(crate) fn upfront(&self, offer: &Offer) -> Result<Offer, GateError> {
        let terms = (upfront(offer.requirements.clone()), Flow::Upfront);
        Offer::new(terms, self.terms, &self.resource, self.signer.as_deref())
    }

    /// The offer that a client accepted: the one that was made to it, or that to pay first. Any other is refused later.
    pub(crate) fn accepted(&self, offer: &Arc<Offer>, accepted: Option<&PaymentRequirements>) -> Arc<Offer> {
        let first = |accepted: &&PaymentRequirements| {
            **accepted != offer.requirements && **accepted == upfront(offer.requirements.clone())
        };
        let chosen = accepted.filter(first).and_then(|_| self.upfront(offer).ok());
        chosen.map_or_else(|| offer.clone(), Arc::new)
    }
}

impl Offer {
    fn new(
        (requirements, flow): (PaymentRequirements, Flow),
        terms: Option<ChannelTerms>,
        resource: &ResourceInfo,
        signer: Option<&ReceiptSigner>,
    ) -> Result<Self, GateError> {
        let channel = terms.and_then(|terms| channel::offer(&requirements, terms));
        let accepts = [Some(&requirements), channel.as_ref()];
        let signed = signer.map(|signer| signer.offer(&resource.url, accepts.into_iter().flatten(), now()));
        let mut extensions: Extensions = signed.unwrap_or_default();
        PaymentIdentifier::advertise(&mut extensions, false);
        let challenge = Challenge::new(&requirements, channel.as_ref(), resource.clone(), extensions)?;
        Ok(Self { requirements, flow, channel, challenge, made: Instant::now() })
    }

    /// The ways to pay.
    pub(crate) fn accepts(&self) -> impl Iterator<Item = &PaymentRequirements> {
        [Some(&self.requirements), self.channel.as_ref()].into_iter().flatten()
    }
}

/// The offered window covers the work, the settlement, the difference of the clocks, and the wait for a safe block; and that whoever
/// works on it dies, and somebody else, once its lease is over, does it all again.
fn requirements(route: &Route, config: &GateConfig) -> PaymentRequirements {
    let mut window = route.timeout + config.settlement_allowance + config.clock_skew + 2 * LEASE;
    if route.delivers_on() == Finality::Safe {
        // The authorization outlives the wait, so that a reorganisation in it can be made good, and its buyer can ask again.
        window += config.safe_allowance;
    }
    let mut offer = PaymentRequirements::exact(config.network, route.price, config.pay_to, window.as_secs());
    let extra = offer.extra.get_or_insert_default();
    extra.extend(route.extra.clone());
    extra.extend(route.live.as_ref().map(|live| (live.name.clone(), (live.value)())));
    match route.flow {
        Flow::Authorize => offer,
        Flow::Upfront => upfront(offer),
    }
}

/// These terms, the payment first.
fn upfront(mut offer: PaymentRequirements) -> PaymentRequirements {
    offer.extra.get_or_insert_default().insert("paymentFlow".to_owned(), "upfront".into());
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use x402::{Address, Network};

    use super::*;

    #[test]
    fn an_offer_follows_what_changes_while_the_service_runs() {
        let day = Arc::new(AtomicU32::new(1));
        let config = GateConfig::new("test", Network::BaseSepolia, Address::ZERO, "https://test.example");
        let today = day.clone();
        let route = Route::get("/").price(Usdc::from_atomic(1));
        let route = route.extra_now("day", move || today.load(Ordering::Relaxed).into());
        let sale = Sale::new(route, &config).unwrap();
        let offered = || sale.standing().requirements.extra.as_ref().unwrap()["day"].clone();
        assert_eq!(offered(), 1);
        assert!(Arc::ptr_eq(&sale.standing(), &sale.standing()), "made once while nothing changes");
        day.store(2, Ordering::Relaxed);
        assert_eq!(offered(), 2);
    }
}
