//! The signed payment: what is durable before it is sent, and sent unchanged every time.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use x402::{
    Authorization, B256, BIND_EXTENSION, BindSalt, ExactPayload, Extensions, HeaderError, MAX_HEADER_BYTES,
    Network, PAYMENT_IDENTIFIER, PAYMENT_SIGNATURE, PaymentId, PaymentNonce, PaymentRequirements,
    RequestHash, X_PAYMENT, encode_header, v1,
};

use crate::{Offer, UnixMillis, Verbatim, Version, Wallet};

/// How long before now a payment becomes valid, in seconds: a chain's clock may run behind this machine's.
const BACKDATED: u64 = 600;

/// The object in the payment header, of either protocol version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Payload {
    /// In `PAYMENT-SIGNATURE`.
    V2(PayloadV2),
    /// In `X-PAYMENT`.
    V1(v1::PaymentPayload),
}

/// [`x402::PaymentPayload`] with the seller's own words repeated to the letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayloadV2 {
    /// Always 2.
    pub x402_version: u8,
    /// What is paid for, as in the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Value>,
    /// The offer that is accepted.
    pub accepted: Verbatim<PaymentRequirements>,
    /// Signature and authorization.
    pub payload: ExactPayload,
    /// The offer's extensions, and the salt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Extensions>,
}

/// A payment and its public name.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedPayment {
    /// What is sent.
    pub payload: Payload,
    /// What was signed.
    pub authorization: Authorization,
    /// The name that seller and chain know it by.
    pub id: PaymentId,
}

/// Why an offer cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The system gave no random bytes.
    #[error("no random bytes from the system: {0}")]
    Entropy(getrandom::Error),
    /// With the seller's extensions echoed, the header is longer than servers read.
    #[error("{0}")]
    Header(#[from] HeaderError),
}

impl SignedPayment {
    /// Signs `offer` for the one request with this hash. A version 2 payment is bound to the request by its nonce; version 1
    /// has no place for the salt that opens the binding, so its nonce is random.
    ///
    /// # Errors
    /// [`SignError`]; nothing was signed that anybody has seen.
    pub fn sign(
        wallet: &Wallet,
        network: Network,
        offer: &Offer,
        request: RequestHash,
        now: UnixMillis,
    ) -> Result<Self, SignError> {
        let random = random()?;
        let nonce = match offer.x402_version {
            Version::V2 => BindSalt(random).nonce(request),
            Version::V1 => PaymentNonce(random),
        };
        let authorization = Authorization {
            from: wallet.address(),
            to: offer.requirements.pay_to,
            value: offer.requirements.amount,
            valid_after: now.seconds().saturating_sub(BACKDATED),
            valid_before: now.seconds().saturating_add(offer.requirements.max_timeout_seconds),
            nonce,
        };
        let exact = wallet.sign(authorization, &network.usdc());
        let payload = match offer.x402_version {
            Version::V2 => Payload::v2(offer, exact, BindSalt(random))?,
            Version::V1 => Payload::v1(offer, exact, network),
        };
        payload.header()?;
        Ok(Self::from_payload(payload, network))
    }

    /// A payment that was signed before.
    #[must_use]
    pub fn from_payload(payload: Payload, network: Network) -> Self {
        let authorization = payload.exact().authorization;
        Self { payload, authorization, id: authorization.key(&network.usdc()).id() }
    }
}

impl Payload {
    fn v2(offer: &Offer, payload: ExactPayload, salt: BindSalt) -> Result<Self, SignError> {
        let mut extensions = offer.extensions.clone().unwrap_or_default();
        salt.attach(&mut extensions);
        identify(&mut extensions)?;
        Ok(Self::V2(PayloadV2 {
            x402_version: 2,
            resource: offer.resource.clone(),
            accepted: offer.requirements.clone(),
            payload,
            extensions: Some(extensions),
        }))
    }

    fn v1(offer: &Offer, payload: ExactPayload, network: Network) -> Self {
        Self::V1(v1::PaymentPayload {
            x402_version: 1,
            scheme: offer.requirements.scheme.clone(),
            network: network.v1_name().to_owned(),
            payload,
        })
    }

    /// The header's name and value.
    ///
    /// # Errors
    /// [`HeaderError`] when it is longer than servers read.
    pub fn header(&self) -> Result<(&'static str, String), HeaderError> {
        let name = match self {
            Self::V2(_) => PAYMENT_SIGNATURE,
            Self::V1(_) => X_PAYMENT,
        };
        let value = encode_header(self)?;
        if value.len() > MAX_HEADER_BYTES {
            return Err(HeaderError::TooLong(value.len()));
        }
        Ok((name, value))
    }

    /// Signature and authorization.
    #[must_use]
    pub const fn exact(&self) -> &ExactPayload {
        match self {
            Self::V2(payload) => &payload.payload,
            Self::V1(payload) => &payload.payload,
        }
    }

    /// The extensions that were sent along.
    #[must_use]
    pub const fn extensions(&self) -> Option<&Extensions> {
        match self {
            Self::V2(payload) => payload.extensions.as_ref(),
            Self::V1(_) => None,
        }
    }

    /// The salt that binds the payment to its request, where it is bound. Whoever shows it is who paid.
    #[must_use]
    pub fn salt(&self) -> Option<BindSalt> {
        let salt = self.extensions()?.get(BIND_EXTENSION)?.pointer("/info/salt")?;
        BindSalt::deserialize(salt).ok()
    }
}

/// Adds the idempotency key where the seller knows the extension. The salt would do, but some sellers require this one.
fn identify(extensions: &mut Extensions) -> Result<(), SignError> {
    let Some(info) = extensions.get_mut(PAYMENT_IDENTIFIER).and_then(|extension| extension.get_mut("info"))
    else {
        return Ok(());
    };
    if let Value::Object(info) = info {
        info.insert("id".to_owned(), json!(format!("pay_{}", hex::encode(&random()?[..16]))));
    }
    Ok(())
}

pub(crate) fn random() -> Result<B256, SignError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(SignError::Entropy)?;
    Ok(bytes.into())
}
