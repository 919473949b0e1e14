//! From a request with a payment to a claim: every check in order, the durable claim last.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{Request, request::Parts};
use x402::{Binding, ErrorReason, PaymentKey, RequestHash, SettleRequest, Usdc};
use x402_facilitator::{Head, Verification};

use crate::{
    Flow, Gate,
    body::{self, SavedRequest},
    deliver::{self, Caller},
    incoming::{self, Incoming, is_bound},
    job::{Handler, Job, Timing},
    ledger::{Claim, NewPayment, Record},
    refusal::Refusal,
    repeat,
    sale::Sale,
};

/// One request that carries a payment, read and hashed.
pub(crate) struct Bid {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    pub(crate) incoming: Incoming,
    pub(crate) key: PaymentKey,
    pub(crate) request_hash: RequestHash,
    pub(crate) binding: Binding,
    pub(crate) timing: Timing,
}

/// The longest that a window may outlast what is offered, in seconds: clocks and stock clients are generous.
const WINDOW_SLACK: u64 = 600;
/// How far behind the wall clock a chain's head may be for a window to have begun, in seconds.
const HEAD_LAG: u64 = 2;

/// Answers a request that carries a payment.
pub(crate) async fn sell(
    gate: &Gate,
    sale: &Arc<Sale>,
    request: Request<Body>,
    handler: Handler,
) -> Response {
    let version = incoming::read(request.headers(), &sale.requirements).map(|incoming| incoming.version);
    match bid(gate, sale, request).await {
        Ok(bid) => {
            let caller = Caller::of(&bid);
            match admit(gate, sale, bid, handler).await {
                Ok(response) => response,
                Err(refusal) => deliver::refuse(gate, sale, Some(caller.version), refusal),
            }
        }
        Err(refusal) => deliver::refuse(gate, sale, version.ok(), refusal),
    }
}

/// Reads everything and checks what needs neither ledger nor chain.
async fn bid(gate: &Gate, sale: &Sale, request: Request<Body>) -> Result<Bid, Refusal> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let incoming = incoming::read(&parts.headers, &sale.requirements)?;
    let asset = gate.0.config.network.usdc();
    match incoming.exact.recover(&asset) {
        Ok(signer) if signer == incoming.payer() => {}
        _ => return Err(Refusal::Payment(ErrorReason::SIGNATURE)),
    }
    let body = body::read(body, gate.0.config.max_request_bytes).await?;
    let request_hash = body::request_hash(&parts, &body, &gate.0.config.public_url);
    let binding = incoming.binding(request_hash)?;
    let key = incoming.key(&asset);
    tracing::Span::current().record("payment_id", tracing::field::display(key.id()));
    let mut timing = Timing::default();
    timing.record("check", began.elapsed());
    Ok(Bid { parts, body, key, incoming, request_hash, binding, timing })
}

async fn admit(gate: &Gate, sale: &Arc<Sale>, mut bid: Bid, handler: Handler) -> Result<Response, Refusal> {
    if let Some(record) = gate.0.ledger.get(bid.key.id()).await? {
        return repeat::answer(gate, sale, bid, handler, record).await;
    }
    let settlement = checked(gate, sale, &bid)?;
    let began = Instant::now();
    let (head, balance) = verify(gate, &settlement).await?;
    check_window(gate, sale, &bid, head)?;
    bid.timing.record("verify", began.elapsed());
    let began = Instant::now();
    let payment = new_payment(gate, sale, &bid, settlement, head, balance)?;
    let claim = gate.0.ledger.claim(payment).await?;
    bid.timing.record("claim", began.elapsed());
    match claim {
        Claim::Won(record) => work(gate, sale, bid, handler, *record, true).await,
        Claim::Lost(record) => repeat::answer(gate, sale, bid, handler, *record).await,
        Claim::Overcommitted => Err(Refusal::Payment(ErrorReason::INSUFFICIENT_FUNDS)),
    }
}

/// Drives a payment that is ours in a task of its own: a caller who hangs up neither cancels nor releases it.
pub(crate) async fn work(
    gate: &Gate,
    sale: &Arc<Sale>,
    bid: Bid,
    handler: Handler,
    record: Record,
    fresh: bool,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&bid);
    let job = Job::new(gate, sale, handler, record, fresh).with_request(
        bid.parts,
        bid.body,
        bid.binding,
        bid.timing,
    );
    let finished = gate.0.tasks.spawn(job.drive()).await;
    match finished {
        Ok(Ok(finished)) => Ok(deliver::finished(gate, sale, caller, finished)),
        Ok(Err(error)) => {
            tracing::error!(payment = %bid.key.id(), %error, "ledger");
            Ok(deliver::pending(gate, caller, bid.key, None))
        }
        Err(error) => {
            tracing::error!(payment = %bid.key.id(), %error, "the payment's task ended");
            Ok(deliver::pending(gate, caller, bid.key, None))
        }
    }
}

/// The offer, the window as far as it needs no chain, and the route's own check.
fn checked(gate: &Gate, sale: &Sale, bid: &Bid) -> Result<SettleRequest, Refusal> {
    bid.incoming.matches(&sale.requirements)?;
    let authorization = &bid.incoming.exact.authorization;
    let longest = now() + sale.requirements.max_timeout_seconds + WINDOW_SLACK;
    if authorization.valid_before > longest || !time_left(gate, sale, authorization.valid_before) {
        return Err(Refusal::Payment(ErrorReason::VALID_BEFORE));
    }
    if let Some(check) = &sale.route.check {
        (check.0)(&bid.parts, &bid.body).map_err(Refusal::Request)?;
    }
    bid.incoming.settlement(&sale.requirements)
}

/// Whether the time left covers all that is still to do: the work and the settlement.
fn time_left(gate: &Gate, sale: &Sale, valid_before: u64) -> bool {
    valid_before.saturating_sub(now()) >= sale.allowance(&gate.0.config).as_secs()
}

fn check_window(_: &Gate, _: &Sale, bid: &Bid, head: Head) -> Result<(), Refusal> {
    let begun = head.timestamp.max(now().saturating_sub(HEAD_LAG));
    if bid.incoming.exact.authorization.valid_after > begun {
        return Err(Refusal::Payment(ErrorReason::VALID_AFTER));
    }
    Ok(())
}

async fn verify(gate: &Gate, settlement: &SettleRequest) -> Result<(Head, Usdc), Refusal> {
    let began = Instant::now();
    let verification = gate.0.facilitator.verify(settlement).await;
    metrics::histogram!("x402_verify_seconds").record(began.elapsed());
    match verification {
        Ok(Verification::Valid { head, balance, .. }) => Ok((head, balance)),
        Ok(Verification::Invalid { reason, .. }) => Err(Refusal::Payment(reason)),
        Err(error) => {
            tracing::warn!(%error, "verify");
            Err(Refusal::Unavailable(
                "payments cannot be verified at the moment; nothing was charged".to_owned(),
            ))
        }
    }
}

fn new_payment(
    gate: &Gate,
    sale: &Sale,
    bid: &Bid,
    settlement: SettleRequest,
    head: Head,
    balance: Usdc,
) -> Result<NewPayment, Refusal> {
    let mut attempt = [0u8; 16];
    getrandom::fill(&mut attempt).map_err(|error| Refusal::Unavailable(error.to_string()))?;
    let request = match sale.route.flow {
        Flow::Authorize => None,
        Flow::Upfront => SavedRequest::encode(&bid.parts, &bid.body),
    };
    Ok(NewPayment {
        key: bid.key,
        amount: sale.requirements.amount,
        route: sale.name.clone(),
        flow: sale.route.flow,
        request_hash: bid.request_hash,
        request,
        settlement,
        bound: is_bound(&bid.binding),
        valid_before: bid.incoming.exact.authorization.valid_before,
        claimed_block: head.number,
        balance,
        attempt,
        lease_ms: lease_ms(gate, sale),
    })
}

/// How long a claim is ours: all that there is to do, and the skew of the clocks.
pub(crate) fn lease_ms(gate: &Gate, sale: &Sale) -> i64 {
    let lease: Duration = sale.allowance(&gate.0.config) + gate.0.config.clock_skew;
    i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)
}

/// Seconds since the epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}
