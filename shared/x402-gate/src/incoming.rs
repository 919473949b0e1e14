//! Reading a payment out of a request's headers, in either protocol version.

use http::{HeaderMap, HeaderName};
use x402::{
    Address, Asset, BindSalt, Binding, BindingError, ErrorReason, ExactPayload, Extensions, Network,
    PAYMENT_SIGNATURE, PaymentIdentifier, PaymentKey, PaymentPayload, PaymentRequirements, RequestHash,
    SettleRequest, X_PAYMENT, decode_header, v1,
};

use crate::refusal::Refusal;

/// Which protocol version the client speaks; the answer speaks the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// A payment as it came in: readable, not checked.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) version: Version,
    pub(crate) exact: ExactPayload,
    /// The payer's key signed. Otherwise only the payer's code could say that it did (ERC-1271), which is the chain's to run.
    pub(crate) by_key: bool,
    /// Version 2 repeats the offer that was accepted; version 1 does not.
    pub(crate) accepted: Option<PaymentRequirements>,
    extensions: Option<Extensions>,
    resource: Option<x402::ResourceInfo>,
}

static V2_HEADER: HeaderName = HeaderName::from_static(PAYMENT_SIGNATURE);
static V1_HEADER: HeaderName = HeaderName::from_static(X_PAYMENT);

pub(crate) fn carries_payment(headers: &HeaderMap) -> bool {
    headers.contains_key(&V2_HEADER) || headers.contains_key(&V1_HEADER)
}

/// The version that a request speaks, as far as its headers tell.
pub(crate) fn spoken(headers: &HeaderMap) -> Version {
    if headers.contains_key(&V2_HEADER) { Version::V2 } else { Version::V1 }
}

/// Takes the one payment header out of a request. What goes on to a handler, or into the ledger, does not carry it.
pub(crate) fn take(headers: &mut HeaderMap, offer: &PaymentRequirements) -> Result<Incoming, Refusal> {
    let incoming = read(headers, offer)?;
    headers.remove(&V2_HEADER);
    headers.remove(&V1_HEADER);
    Ok(incoming)
}

fn read(headers: &HeaderMap, offer: &PaymentRequirements) -> Result<Incoming, Refusal> {
    let mut found = headers.get_all(&V2_HEADER).iter().map(|value| (Version::V2, value));
    let mut older = headers.get_all(&V1_HEADER).iter().map(|value| (Version::V1, value));
    let first = found.next().or_else(|| older.next());
    if found.next().is_some() || older.next().is_some() {
        return Err(Refusal::Malformed("a request carries one payment header".to_owned()));
    }
    let Some((version, value)) = first else {
        return Err(Refusal::Malformed("no payment header".to_owned()));
    };
    match version {
        Version::V2 => read_v2(value.as_bytes(), offer),
        Version::V1 => read_v1(value.as_bytes(), offer),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn malformed(error: impl ToString) -> Refusal {
    Refusal::Malformed(error.to_string())
}

fn read_v2(header: &[u8], offer: &PaymentRequirements) -> Result<Incoming, Refusal> {
    let payload: PaymentPayload = decode_header(header).map_err(malformed)?;
    check_kind(
        payload.x402_version == 2,
        &payload.accepted.scheme,
        payload.accepted.network == offer.network,
    )?;
    let exact = payload.exact().map_err(malformed)?;
    Ok(Incoming {
        version: Version::V2,
        by_key: is_signed_by_key(&exact, offer),
        exact,
        accepted: Some(payload.accepted),
        extensions: payload.extensions,
        resource: payload.resource,
    })
}

fn read_v1(header: &[u8], offer: &PaymentRequirements) -> Result<Incoming, Refusal> {
    let payload: v1::PaymentPayload = decode_header(header).map_err(malformed)?;
    let network = offer.known_network().is_some_and(|network| payload.network == network.v1_name());
    check_kind(payload.x402_version == 1, &payload.scheme, network)?;
    Ok(Incoming {
        version: Version::V1,
        by_key: is_signed_by_key(&payload.payload, offer),
        exact: payload.payload,
        accepted: None,
        extensions: None,
        resource: None,
    })
}

fn is_signed_by_key(exact: &ExactPayload, offer: &PaymentRequirements) -> bool {
    let asset = offer.known_network().map(Network::usdc);
    asset.is_some_and(|asset| exact.recover(&asset) == Ok(exact.authorization.from))
}

fn check_kind(version: bool, scheme: &str, network: bool) -> Result<(), Refusal> {
    if !version {
        return Err(Refusal::Payment(ErrorReason::INVALID_VERSION));
    }
    if scheme != x402::EXACT {
        return Err(Refusal::Payment(ErrorReason::INVALID_SCHEME));
    }
    if !network {
        return Err(Refusal::Payment(ErrorReason::INVALID_NETWORK));
    }
    Ok(())
}

impl Incoming {
    /// The payment's name, the same in both versions.
    pub(crate) fn key(&self, asset: &Asset) -> PaymentKey {
        self.exact.authorization.key(asset)
    }

    pub(crate) fn payer(&self) -> Address {
        self.exact.authorization.from
    }

    /// Whether this is the payment that was claimed, signature and all.
    pub(crate) fn is_that_of(&self, settlement: &SettleRequest) -> bool {
        settlement.payment_payload.exact().is_ok_and(|claimed| claimed == self.exact)
    }

    /// Whether the payment names this request, and the salt that shows it.
    pub(crate) fn binding(&self, request: RequestHash) -> Result<Binding, Refusal> {
        let nonce = self.exact.authorization.nonce;
        Binding::check(nonce, self.extensions.as_ref(), request).map_err(|error| match error {
            BindingError::OtherRequest => Refusal::OtherRequest,
            BindingError::NoSalt | BindingError::BadSalt => malformed(error),
        })
    }

    /// The client's own name for the purchase, where it gives one.
    pub(crate) fn identifier(&self) -> Result<Option<String>, Refusal> {
        let identifier = PaymentIdentifier::read(self.extensions.as_ref()).map_err(malformed)?;
        Ok(identifier.map(|identifier| identifier.as_str().to_owned()))
    }

    /// Compares with the offer. The price is the server's: what the client says it accepted must be what is offered.
    pub(crate) fn matches(&self, offer: &PaymentRequirements) -> Result<(), Refusal> {
        let refuse = |reason| Err(Refusal::Payment(reason));
        let authorization = &self.exact.authorization;
        if self.accepted.as_ref().is_some_and(|accepted| accepted != offer) {
            return refuse(ErrorReason::INVALID_REQUIREMENTS);
        }
        if authorization.to != offer.pay_to {
            return refuse(ErrorReason::RECIPIENT_MISMATCH);
        }
        if authorization.value != offer.amount {
            return refuse(ErrorReason::VALUE_MISMATCH);
        }
        Ok(())
    }

    /// What the facilitator is sent: version 2, whatever the client speaks, and no salt. The salt proves who asked and stays
    /// between buyer and seller.
    pub(crate) fn settlement(&self, offer: &PaymentRequirements) -> Result<SettleRequest, Refusal> {
        let payload = serde_json::to_value(&self.exact).map_err(malformed)?;
        Ok(SettleRequest {
            x402_version: 2,
            payment_payload: PaymentPayload {
                x402_version: 2,
                resource: self.resource.clone(),
                accepted: offer.clone(),
                payload,
                extensions: None,
            },
            payment_requirements: offer.clone(),
        })
    }
}

/// Whether a salt was shown.
pub(crate) const fn is_bound(binding: &Binding) -> bool {
    matches!(binding, Binding::Bound(BindSalt(_)))
}

/// The name of the network in the client's version.
pub(crate) const fn network_name(version: Version, network: Network) -> &'static str {
    match version {
        Version::V1 => network.v1_name(),
        Version::V2 => network.caip2(),
    }
}
