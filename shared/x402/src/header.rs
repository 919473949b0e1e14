use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::{Serialize, de::DeserializeOwned};

/// 402 answer, version 2: base64 of [`crate::PaymentRequired`].
pub const PAYMENT_REQUIRED: &str = "payment-required";
/// Request, version 2: base64 of [`crate::PaymentPayload`].
pub const PAYMENT_SIGNATURE: &str = "payment-signature";
/// Answer, version 2: base64 of [`crate::SettlementResponse`], on success and on a failed settlement.
pub const PAYMENT_RESPONSE: &str = "payment-response";
/// Request, version 1: base64 of [`crate::v1::PaymentPayload`].
pub const X_PAYMENT: &str = "x-payment";
/// Answer, version 1: base64 of [`crate::SettlementResponse`].
pub const X_PAYMENT_RESPONSE: &str = "x-payment-response";

/// The longest header value that is decoded, in encoded bytes. A payment with its echoed extensions takes about 2 KiB.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
/// The deepest JSON nesting that is parsed.
pub const MAX_JSON_DEPTH: usize = 32;

/// Why a header is not what it should carry. Nothing of the header's content is repeated in the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Longer than [`MAX_HEADER_BYTES`].
    #[error("the header has {0} bytes, more than {MAX_HEADER_BYTES}")]
    TooLong(usize),
    /// Not base64 (RFC 4648 section 4).
    #[error("the header is not base64")]
    NotBase64,
    /// Nested deeper than [`MAX_JSON_DEPTH`].
    #[error("the JSON is nested deeper than {MAX_JSON_DEPTH}")]
    TooDeep,
    /// Not JSON, or not of the expected shape.
    #[error("the JSON is not as expected: {0}")]
    Json(String),
}

/// Padding is optional when reading; the specification's encoders all write it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Encodes a protocol object for a header: base64 of its JSON.
///
/// # Errors
/// [`HeaderError::Json`] when the value does not serialize.
pub fn encode_header<T: Serialize>(value: &T) -> Result<String, HeaderError> {
    let json = serde_json::to_vec(value).map_err(|error| HeaderError::Json(error.to_string()))?;
    Ok(BASE64.encode(json))
}

/// Decodes a protocol object from a stranger's header, within the caps.
///
/// # Errors
/// [`HeaderError`], the same for the same bytes.
pub fn decode_header<T: DeserializeOwned>(header: &[u8]) -> Result<T, HeaderError> {
    if header.len() > MAX_HEADER_BYTES {
        return Err(HeaderError::TooLong(header.len()));
    }
    let json = BASE64.decode(header.trim_ascii()).map_err(|_| HeaderError::NotBase64)?;
    if depth(&json) > MAX_JSON_DEPTH {
        return Err(HeaderError::TooDeep);
    }
    serde_json::from_slice(&json).map_err(|error| HeaderError::Json(error.to_string()))
}

/// How deep brackets nest outside of strings. Meaningful for JSON, harmless for anything else.
fn depth(json: &[u8]) -> usize {
    let (mut open, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
