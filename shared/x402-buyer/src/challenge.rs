//! What a seller asks for, read from a 402 answer within caps. Prose in it is carried and never acted upon.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use x402::{Extensions, HeaderError, PAYMENT_REQUIRED, PaymentRequirements, decode_header, v1};

use crate::{Verbatim, Version};

/// The longest version 1 offer (a body) that is read, in bytes.
pub(crate) const MAX_BODY_OFFER: usize = 64 * 1024;

/// The offers of one 402 answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Challenge {
    /// The protocol version to pay in.
    pub version: Version,
    /// What is sold, as the seller describes it.
    pub resource: Option<Value>,
    /// What can be paid on an EVM chain; other ways to pay are left out.
    pub accepts: Vec<Verbatim<PaymentRequirements>>,
    /// The seller's extensions, to be echoed in version 2.
    pub extensions: Option<Extensions>,
}

/// Why a 402 answer is no offer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The header is malformed or too long.
    #[error("PAYMENT-REQUIRED: {0}")]
    Header(#[from] HeaderError),
    /// Two offers at once.
    #[error("the seller sent PAYMENT-REQUIRED more than once")]
    Repeated,
    /// No header, and the body is no version 1 offer either.
    #[error(
        "the seller asks for payment but offers none: no PAYMENT-REQUIRED header, and the body is no offer ({0})"
    )]
    Body(String),
    /// A version that this client does not speak.
    #[error("the offer is of x402 version {0}")]
    Version(u8),
}

/// Both versions' answers, as far as they are alike.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Required {
    x402_version: u8,
    accepts: Vec<Value>,
    #[serde(default)]
    resource: Option<Value>,
    #[serde(default)]
    extensions: Option<Extensions>,
}

impl Challenge {
    /// Reads the offers: version 2 from the header, otherwise version 1 from the body.
    ///
    /// # Errors
    /// [`ChallengeError`] when there is none to be understood.
    pub fn read(headers: &HeaderMap, body: &Bytes) -> Result<Self, ChallengeError> {
        let mut values = headers.get_all(PAYMENT_REQUIRED).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Self::from_header(value.as_bytes()),
            (Some(_), Some(_)) => Err(ChallengeError::Repeated),
            (None, _) => Self::from_body(body),
        }
    }

    fn from_header(value: &[u8]) -> Result<Self, ChallengeError> {
        let Required { x402_version, accepts, resource, extensions } = decode_header(value)?;
        if x402_version != 2 {
            return Err(ChallengeError::Version(x402_version));
        }
        let accepts = accepts.into_iter().filter_map(|offer| Verbatim::read(offer).ok()).collect();
        Ok(Self { version: Version::V2, resource, accepts, extensions })
    }

    fn from_body(body: &Bytes) -> Result<Self, ChallengeError> {
        let Required { x402_version, accepts, extensions, .. } =
            serde_json::from_slice(body).map_err(|error| ChallengeError::Body(error.to_string()))?;
        if x402_version != 1 {
            return Err(ChallengeError::Version(x402_version));
        }
        let known = |offer: &Value| v1::PaymentRequirements::deserialize(offer).ok();
        let offers: Vec<_> = accepts.iter().filter_map(known).collect();
        let accepts = offers.iter().filter_map(|offer| Verbatim::write(offer.to_v2()?).ok()).collect();
        Ok(Self { version: Version::V1, resource: offers.first().map(resource_of), accepts, extensions })
    }
}

/// The version 2 form of what version 1 says with every offer.
fn resource_of(offer: &v1::PaymentRequirements) -> Value {
    json!({ "url": offer.resource, "description": offer.description, "mimeType": offer.mime_type })
}
