//! The draws: a pure function of the payment, the request, the day's key, and in beacon mode a round that came later.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{
        HeaderName, Method, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
        request::Parts,
    },
};
use bytes::Bytes;
use draw::beacon::BeaconRound;
use draw::{
    Alpha, Binding, Call, Commitment, DrawInput, DrawReceipt, DrawRequest, Leaf, LogRecord, Mode, Promise,
    QueryError, RequestError, Scheme, Source, VrfError, leaf,
};
use service_kit::{Attachment, ChannelCall, Charge, Payment, Problem, Usdc};
use x402::{RequestParts, keccak256};

use crate::{
    Rng,
    beacon::NoRound,
    clock,
    documents::Terms,
    log::{Accepted, EpochKey, LEAF, LogError},
};

/// What a call costs, and from a channel, where no transaction pays for a single call, costs at most.
pub(crate) const PRICE: Usdc = Usdc::from_atomic(1_000);
/// What a value costs from a channel.
const VALUE_PRICE: Usdc = Usdc::from_atomic(10);
/// Seconds within which a draw is in the log. It takes one; the rest is for restarts.
const PROMISED_WITHIN: u64 = 600;
/// Seconds for which the day that is over may still be asked for: an offer read before midnight, paid after it.
const DAY_GRACE: u64 = 300;

/// Why there is no draw.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RandomError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Body(#[from] RequestError),
    #[error("a draw is asked for by query or by body, not by both")]
    Both,
    #[error("no beacon is configured here: leave `mode` out for an instant draw")]
    NoBeacon,
    #[error("epoch {0} is not today's, whose key the offer names: ask for a new offer")]
    OtherEpoch(u32),
    #[error(transparent)]
    Round(#[from] NoRound),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Vrf(#[from] VrfError),
    #[error("the request is not the one that was paid for")]
    OtherRequest,
}

/// What is drawn for.
struct Paid<'a> {
    payment: &'a Payment,
    /// The call, where it is paid from a channel.
    call: Option<Call>,
}

/// `GET` and `POST /v1/random`. Run again for the same payment, it draws the same.
pub(crate) async fn draw(
    State(rng): State<Arc<Rng>>,
    payment: Payment,
    call: Option<ChannelCall>,
    parts: Parts,
    body: Bytes,
) -> Result<(Attachment, Option<Charge>, Json<DrawReceipt>), Problem> {
    let call = call.map(|call| Call { channel_id: call.channel.0.0, base: call.base.atomic() });
    let from_channel = call.is_some();
    let (receipt, leaf) = rng.draw(&Paid { payment: &payment, call }, &parts, &body).await?;
    let Leaf::Draw(entry) = leaf else { return Err(Problem::internal("no entry of a draw")) };
    let attachment =
        Attachment { kind: LEAF.to_owned(), key: entry.alpha_hash.to_vec(), payload: leaf.encode() };
    let by_value = Usdc::from_atomic(VALUE_PRICE.atomic().saturating_mul(receipt.request.values()));
    let charge = from_channel.then(|| Charge(PRICE.min(by_value)));
    Ok((attachment, charge, Json(receipt)))
}

/// `GET /v1/key`.
pub(crate) async fn key(State(rng): State<Arc<Rng>>) -> Result<Json<Terms>, Problem> {
    let key = rng.keys.of(clock::day(clock::seconds())).await?;
    Ok(Json(Terms::of(&key, rng.log.key())))
}

/// Refuses what could never be drawn, before any money moves.
pub(crate) fn check(parts: &Parts, body: &Bytes, has_beacon: bool) -> Result<(), Problem> {
    let request = request(parts, body)?;
    if request.mode() == Source::Beacon && !has_beacon {
        return Err(RandomError::NoBeacon.into());
    }
    let now = clock::seconds();
    let current = [clock::day(now), clock::day(now.saturating_sub(DAY_GRACE))];
    match request.epoch() {
        Some(epoch) if !current.contains(&epoch) => Err(RandomError::OtherEpoch(epoch).into()),
        _ => Ok(()),
    }
}

impl Rng {
    async fn draw(
        &self,
        paid: &Paid<'_>,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<(DrawReceipt, Leaf), RandomError> {
        let request = request(parts, body)?;
        let binding = self.binding(paid, parts, body)?;
        // The day that was asked for, or that of the claim, not of the run: a run after a restart must draw the same.
        let epoch = request.epoch().unwrap_or_else(|| clock::day(paid.payment.claimed_at_ms / 1000));
        let key = self.keys.of(epoch).await?;
        let mode = match request.mode() {
            Source::Instant => Mode::Instant,
            Source::Beacon => Mode::Beacon(self.round(paid, epoch, &request).await?),
        };
        let mut receipt = DrawReceipt::draw(&key.secret, &paid.input(epoch, mode), request)?;
        receipt.binding = binding;
        let leaf = self.promise(&mut receipt, &key);
        Ok((receipt, leaf))
    }

    /// Accepts the draw in the log, which fixes the round, and waits for it.
    async fn round(
        &self,
        paid: &Paid<'_>,
        epoch: u32,
        request: &DrawRequest,
    ) -> Result<BeaconRound, RandomError> {
        let beacon = self.beacon.as_ref().ok_or(RandomError::NoBeacon)?;
        let context = leaf::Context::new(&paid.payment.key.payer.into_array(), request.label());
        let accept = |Accepted { at, round }| {
            let unsigned = BeaconRound { round, signature: [0; 48], accepted_at: at };
            let alpha = Alpha::new(&paid.input(epoch, Mode::Beacon(unsigned)), &request.hash());
            let accept_hash = leaf::accept_hash(&alpha);
            (accept_hash, Leaf::Accept { epoch, context, accept_hash, round, time: at })
        };
        let accepted = self.log.accept(paid.acceptance(request), clock::seconds(), accept).await?;
        Ok(beacon.round(accepted).await?)
    }

    /// Signs that the draw will be in the log, and says as what.
    fn promise(&self, receipt: &mut DrawReceipt, key: &EpochKey) -> Leaf {
        let blind = key.blind(Alpha::new(&receipt.input(), &receipt.request_hash).as_bytes());
        let leaf = receipt.leaf(&blind);
        let promise = Promise { leaf: leaf.hash(), include_by: clock::seconds() + PROMISED_WITHIN };
        receipt.log = Some(LogRecord {
            origin: self.log.key().name().to_owned(),
            public_key: *self.log.key().as_bytes(),
            blind,
            promise: promise.sign(&self.log.signer),
            proof: None,
        });
        leaf
    }

    /// What opens the commitment of a bound payment, or names the call in its channel.
    fn binding(&self, paid: &Paid<'_>, parts: &Parts, body: &Bytes) -> Result<Binding, RandomError> {
        let payment = paid.payment;
        if let Some(call) = paid.call {
            return Ok(Binding::Channel(call));
        }
        let x402::Binding::Bound(salt) = payment.binding else { return Ok(Binding::Plain) };
        let header = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let parts = RequestParts {
            method: parts.method.as_str(),
            origin: &self.public_url,
            target: parts.uri.path_and_query().map_or("/", |target| target.as_str()),
            body,
            content_type: header(CONTENT_TYPE).unwrap_or_default(),
            accept: header(ACCEPT).unwrap_or_default(),
        };
        if parts.hash() != payment.request_hash {
            return Err(RandomError::OtherRequest);
        }
        let body = String::from_utf8(body.to_vec()).map_err(|_| RandomError::OtherRequest)?;
        Ok(Binding::Commit(Commitment { preimage: parts.preimage(), body, salt: salt.0.0 }))
    }
}

fn request(parts: &Parts, body: &[u8]) -> Result<DrawRequest, RandomError> {
    let query = parts.uri.query().unwrap_or_default();
    if parts.method == Method::POST {
        return if query.is_empty() { Ok(DrawRequest::from_json(body)?) } else { Err(RandomError::Both) };
    }
    if !body.is_empty() {
        return Err(RandomError::Both);
    }
    Ok(DrawRequest::from_query_string(query)?)
}

impl Paid<'_> {
    fn input(&self, epoch: u32, mode: Mode) -> DrawInput {
        let key = &self.payment.key;
        let (scheme, nonce) = match self.call {
            None => (Scheme::Exact, key.nonce.0.0),
            Some(call) => (Scheme::Channel, call.nonce()),
        };
        DrawInput {
            epoch,
            scheme,
            chain_id: key.chain_id,
            asset: key.asset.into_array(),
            payer: key.payer.into_array(),
            nonce,
            mode,
        }
    }

    /// What a draw by the beacon is accepted as, once. A payment is for one request; a call that failed, uncharged, may be
    /// followed by another request at the same base.
    fn acceptance(&self, request: &DrawRequest) -> [u8; 32] {
        match self.call {
            None => self.payment.id.0.0,
            Some(call) => keccak256([call.nonce(), *request.hash().as_bytes()].concat()).0,
        }
    }
}

impl From<RandomError> for Problem {
    fn from(error: RandomError) -> Self {
        match error {
            RandomError::Vrf(_) | RandomError::Log(_) | RandomError::OtherRequest => Self::internal(error),
            RandomError::Round(error) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "beacon_unavailable", error.to_string())
            }
            refused => Self::new(StatusCode::BAD_REQUEST, "invalid_draw", refused.to_string()),
        }
    }
}
