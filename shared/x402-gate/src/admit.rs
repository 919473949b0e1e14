//! From a request with a payment to a claim: every check in order, the durable claim last.

use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{Request, request::Parts};
use x402::{Binding, ErrorReason, PaymentKey, RequestHash, SettleRequest, Usdc};
use x402_facilitator::Head;

use crate::{
    Flow, Gate, LedgerError,
    body::{self, SavedRequest},
    channel, checks,
    deliver::{self, Caller},
    incoming::{self, Incoming, is_bound},
    job::Job,
    lease::LEASE_MS,
    ledger::{Claim, NewPayment, Record},
    limits::Flying,
    refusal::Refusal,
    repeat,
    run::Handler,
    sale::{Offer, Sale},
    timing::Timing,
};

/// One request that carries a payment, read and hashed.
pub(crate) struct Bid {
    pub(crate) offer: Arc<Offer>,
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    pub(crate) incoming: Incoming,
    pub(crate) key: PaymentKey,
    /// The client's own name for the purchase.
    pub(crate) identifier: Option<String>,
    /// What the ledger knew of the payment, or of the purchase, when it came in.
    known: Option<Record>,
    pub(crate) request_hash: RequestHash,
    pub(crate) binding: Binding,
    pub(crate) timing: Timing,
}

/// Answers a request that carries a payment.
pub(crate) async fn sell(
    gate: &Gate,
    sale: &Arc<Sale>,
    offer: Arc<Offer>,
    request: Request<Body>,
    handler: Handler,
) -> Response {
    if let Some(payment) = channel::carried(gate, request.headers()) {
        return channel::sell(gate, sale, offer, payment, request, handler).await;
    }
    let caller = Caller::of(request.headers());
    match bid(gate, sale, &offer, request).await {
        Ok(bid) => settle_on(gate, sale, bid, handler).await,
        Err(refusal) => deliver::refuse(gate, sale, &offer, caller, refusal),
    }
}

/// Reads the request and checks what needs no chain. A stranger's body is read last.
async fn bid(gate: &Gate, sale: &Sale, offer: &Arc<Offer>, request: Request<Body>) -> Result<Bid, Refusal> {
    let began = Instant::now();
    let (mut parts, body) = request.into_parts();
    let incoming = incoming::take(&mut parts.headers, &offer.requirements)?;
    // Only the chain can tell a wallet's signature from a stranger's: who asks it that is counted as one who pays nothing.
    if !incoming.by_key && !gate.admits(&parts.headers, &parts.extensions) {
        return Err(Refusal::TooOften);
    }
    let offer = sale.accepted(offer, incoming.accepted.as_ref());
    let asset = gate.0.config.network.usdc();
    let (key, identifier) = (incoming.key(&asset), incoming.identifier()?);
    tracing::Span::current().record("payment_id", tracing::field::display(key.id()));
    let known = known(gate, sale, &incoming, key, identifier.as_deref()).await?;
    if known.is_none() {
        incoming.matches(&offer.requirements)?;
        checks::end(gate, sale, incoming.exact.authorization.valid_before)?;
    }
    let body = body::read(body, gate.0.config.max_request_bytes).await?;
    let request_hash = body::request_hash(&parts, &body, &gate.0.config.public_url)?;
    let binding = incoming.binding(request_hash)?;
    let mut timing = Timing::default();
    timing.record("check", began.elapsed());
    Ok(Bid { offer, parts, body, key, incoming, identifier, known, request_hash, binding, timing })
}

/// The payment as the ledger knows it; or the one that was made before for the same purchase, and is not dead: then the new
/// one is not taken. Who signs by code (ERC-1271) is known here only by the very signature that was checked before.
async fn known(
    gate: &Gate,
    sale: &Sale,
    incoming: &Incoming,
    key: PaymentKey,
    identifier: Option<&str>,
) -> Result<Option<Record>, Refusal> {
    let ledger = &gate.0.ledger;
    match (ledger.get(key.id()).await?, identifier) {
        (Some(record), _) if incoming.by_key || incoming.is_that_of(&record.settlement) => Ok(Some(record)),
        (Some(_), _) => Err(Refusal::Payment(ErrorReason::SIGNATURE)),
        (None, Some(identifier)) if incoming.by_key => {
            Ok(ledger.identified(key.payer, &sale.name, identifier).await?)
        }
        (None, _) => Ok(None),
    }
}

/// Goes on in a task of its own: whether the caller stays on the line decides nothing from here on.
async fn settle_on(gate: &Gate, sale: &Arc<Sale>, bid: Bid, handler: Handler) -> Response {
    let (caller, key, offer) = (Caller::paying(&bid.incoming), bid.key, bid.offer.clone());
    let task = {
        let (gate, sale) = (gate.clone(), sale.clone());
        Box::pin(async move { admit(&gate, &sale, bid, handler).await })
    };
    match gate.0.tasks.spawn(task).await {
        Ok(Ok(response)) => response,
        Ok(Err(refusal)) => deliver::refuse(gate, sale, &offer, caller, refusal),
        Err(error) => {
            tracing::error!(payment = %key.id(), %error, "the payment's task ended");
            deliver::pending(gate, caller, key, None)
        }
    }
}

async fn admit(gate: &Gate, sale: &Arc<Sale>, mut bid: Bid, handler: Handler) -> Result<Response, Refusal> {
    if let Some(record) = bid.known.take() {
        return Box::pin(repeat::answer(gate, sale, bid, handler, record)).await;
    }
    if let Some(check) = &sale.route.check {
        (check.0)(&bid.parts, &bid.body).map_err(Refusal::Request)?;
    }
    let mut flying = None;
    if bid.incoming.by_key {
        flying = Some(fly(gate, bid.key)?);
    }
    let settlement = bid.incoming.settlement(&bid.offer.requirements)?;
    let began = Instant::now();
    let (verified, trusted) = tokio::join!(checks::verify(gate, &settlement), checks::trust(gate, &bid));
    let (head, balance) = match verified {
        Ok(verified) => verified,
        // A copy may have been claimed, and settled, since the ledger was read: then the nonce was used for this very sale.
        Err(refusal) => {
            return match known(gate, sale, &bid.incoming, bid.key, bid.identifier.as_deref()).await? {
                Some(record) => Box::pin(repeat::answer(gate, sale, bid, handler, record)).await,
                None => Err(refusal),
            };
        }
    };
    trusted?;
    if flying.is_none() {
        flying = Some(fly(gate, bid.key)?);
    }
    checks::beginning(&bid, head)?;
    checks::exposure(gate, sale, &bid).await?;
    bid.timing.record("verify", began.elapsed());
    let began = Instant::now();
    let payment = new_payment(sale, &bid, settlement, head, balance)?;
    let claim = gate.0.ledger.claim(payment).await;
    bid.timing.record("claim", began.elapsed());
    let answer = match claim {
        Ok(Claim::Won(record)) => work(gate, sale, bid, handler, *record, true).await,
        Ok(Claim::Lost(record)) => Box::pin(repeat::answer(gate, sale, bid, handler, *record)).await,
        Ok(Claim::Overcommitted) => Err(Refusal::Payment(ErrorReason::INSUFFICIENT_FUNDS)),
        Err(LedgerError::NotKnown) => {
            tracing::error!(payment = %bid.key.id(), "the ledger did not say whether the claim is durable");
            Ok(deliver::pending(gate, Caller::paying(&bid.incoming), bid.key, None))
        }
        Err(error) => Err(error.into()),
    };
    drop(flying);
    answer
}

/// A payment more of this payer, if it has not too many under way.
fn fly(gate: &Gate, key: PaymentKey) -> Result<Flying, Refusal> {
    gate.0.in_flight.enter(key.payer, key.id(), gate.0.config.payer_in_flight).ok_or(Refusal::TooMany)
}

/// Drives a payment that is ours until there is an answer.
pub(crate) async fn work(
    gate: &Gate,
    sale: &Arc<Sale>,
    bid: Bid,
    handler: Handler,
    record: Record,
    fresh: bool,
) -> Result<Response, Refusal> {
    let caller = Caller::paying(&bid.incoming);
    let job = Job::new(gate, sale, handler, record, fresh).with_request(
        bid.parts,
        bid.body,
        bid.binding,
        bid.timing,
    );
    match job.drive().await {
        Ok(finished) => Ok(deliver::finished(gate, sale, &bid.offer, caller, finished)),
        Err(error) => {
            tracing::error!(payment = %bid.key.id(), %error, "ledger");
            Ok(deliver::pending(gate, caller, bid.key, None))
        }
    }
}

fn new_payment(
    sale: &Sale,
    bid: &Bid,
    settlement: SettleRequest,
    head: Head,
    balance: Usdc,
) -> Result<NewPayment, Refusal> {
    let request = match bid.offer.flow {
        Flow::Authorize => None,
        Flow::Upfront => SavedRequest::encode(&bid.parts, &bid.body, bid.binding),
    };
    Ok(NewPayment {
        key: bid.key,
        amount: bid.offer.requirements.amount,
        route: sale.name.clone(),
        flow: bid.offer.flow,
        request_hash: bid.request_hash,
        request,
        settlement,
        bound: is_bound(&bid.binding),
        identifier: bid.identifier.clone(),
        valid_before: bid.incoming.exact.authorization.valid_before,
        claimed_block: head.number,
        balance,
        attempt: attempt()?,
        lease_ms: LEASE_MS,
    })
}

/// What tells one attempt at a claim from every other.
pub(crate) fn attempt() -> Result<[u8; 16], Refusal> {
    let mut attempt = [0; 16];
    getrandom::fill(&mut attempt).map_err(|error| Refusal::Unavailable(error.to_string()))?;
    Ok(attempt)
}

/// Seconds since the epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}
