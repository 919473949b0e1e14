//! What a payment must be before the chain is asked about it: the terms, the window and the signature.

use std::time::{SystemTime, UNIX_EPOCH};

use x402::{
    Address, Authorization, EXACT, ErrorReason, ExactPayload, FacilitatorRequest, Network, UnixSeconds,
};

use crate::{
    chain::{Chain, ChainError},
    facilitator::FacilitatorError,
};

/// The time that a transaction needs to be included: three blocks of Base. With less left it is not worth sending.
const INCLUSION_SECONDS: u64 = 6;
/// By how much a client's clock, or its habit of rounding up, may exceed the window that was offered.
const WINDOW_SLACK_SECONDS: u64 = 600;

/// Why a payment goes no further.
pub(crate) enum Rejection {
    /// It is known not to settle.
    Invalid(ErrorReason),
    /// It could not be judged, and nothing was sent.
    Unavailable(FacilitatorError),
}

impl From<ErrorReason> for Rejection {
    fn from(reason: ErrorReason) -> Self {
        Self::Invalid(reason)
    }
}

impl From<FacilitatorError> for Rejection {
    fn from(error: FacilitatorError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<ChainError> for Rejection {
    fn from(error: ChainError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// A payment on the terms that the seller asked for, signed by whom it names.
pub(crate) struct Admitted {
    pub(crate) payload: ExactPayload,
    pub(crate) signed_by: SignedBy,
}

/// Who judges the signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignedBy {
    /// The payer's key: it was recovered here.
    Key,
    /// The payer's code (ERC-1271): only the chain can run it.
    Code,
}

/// Checks terms and signature. The window is apart, because a settled payment stays settled after it.
pub(crate) async fn admit(chain: &Chain, request: &FacilitatorRequest) -> Result<Admitted, Rejection> {
    let payload = terms(request, chain.network())?;
    let signed_by = signed_by(chain, &payload).await?;
    Ok(Admitted { payload, signed_by })
}

/// Who judges a signature: its key if it is the payer's, else the payer's code if it has any.
pub(crate) async fn signed_by(chain: &Chain, payload: &ExactPayload) -> Result<SignedBy, Rejection> {
    let payer = payload.authorization.from;
    if payload.recover(&chain.network().usdc()) == Ok(payer) {
        Ok(SignedBy::Key)
    } else if chain.has_code(payer).await? {
        Ok(SignedBy::Code)
    } else {
        Err(ErrorReason::SIGNATURE.into())
    }
}

/// Checks that payment, requirements and authorization say the same, on a network that is ours.
pub(crate) fn terms(request: &FacilitatorRequest, network: Network) -> Result<ExactPayload, ErrorReason> {
    let FacilitatorRequest { x402_version, payment_payload, payment_requirements: asked } = request;
    let accepted = &payment_payload.accepted;
    let refuse_unless = |holds: bool, reason| if holds { Ok(()) } else { Err(reason) };

    refuse_unless((*x402_version, payment_payload.x402_version) == (2, 2), ErrorReason::INVALID_VERSION)?;
    refuse_unless(asked.scheme == EXACT, ErrorReason::UNSUPPORTED_SCHEME)?;
    refuse_unless(accepted.scheme == EXACT, ErrorReason::INVALID_SCHEME)?;
    let ours = [&asked.network, &accepted.network].into_iter().all(|name| name == network.caip2());
    refuse_unless(ours, ErrorReason::INVALID_NETWORK)?;
    refuse_unless(asked.asset == network.usdc().address, ErrorReason::INVALID_REQUIREMENTS)?;
    let same =
        (accepted.asset, accepted.pay_to, accepted.amount) == (asked.asset, asked.pay_to, asked.amount);
    refuse_unless(same, ErrorReason::INVALID_REQUIREMENTS)?;

    let payload = payment_payload.exact().map_err(|_| ErrorReason::INVALID_PAYLOAD)?;
    refuse_unless(payload.authorization.to == asked.pay_to, ErrorReason::RECIPIENT_MISMATCH)?;
    refuse_unless(payload.authorization.value == asked.amount, ErrorReason::VALUE_MISMATCH)?;
    Ok(payload)
}

/// Checks that there is time to settle at `now`, and that the payer did not sign far beyond what was asked.
pub(crate) fn window(
    authorization: &Authorization,
    max_timeout_seconds: u64,
    now: UnixSeconds,
) -> Result<(), ErrorReason> {
    let earliest = now.saturating_add(INCLUSION_SECONDS);
    let latest = now.saturating_add(max_timeout_seconds).saturating_add(WINDOW_SLACK_SECONDS);
    if !(earliest..=latest).contains(&authorization.valid_before) {
        return Err(ErrorReason::VALID_BEFORE);
    }
    if authorization.valid_after > now {
        return Err(ErrorReason::VALID_AFTER);
    }
    Ok(())
}

/// Who says they pay, where the payload can be read.
pub(crate) fn payer(request: &FacilitatorRequest) -> Option<Address> {
    request.payment_payload.exact().ok().map(|payload| payload.authorization.from)
}

/// The wall clock. Before 1970 it is 1970.
pub(crate) fn now() -> UnixSeconds {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
