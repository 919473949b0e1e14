use std::{fmt, str::FromStr};

use serde_json::json;

use crate::Extensions;

/// The standard's idempotency key (`specs/extensions/payment_identifier.md`).
pub const PAYMENT_IDENTIFIER: &str = "payment-identifier";

const LENGTH: std::ops::RangeInclusive<usize> = 16..=128;

/// A client's name for one purchase, the same in every attempt: 16 to 128 letters, digits, hyphens and underscores.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentIdentifier(String);

/// The text is no payment identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payment identifier has 16 to 128 letters, digits, hyphens and underscores")]
pub struct PaymentIdentifierError;

impl PaymentIdentifier {
    /// The identifier as sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier in a payment's extensions. A client that echoes the seller's offer without adding one has none.
    ///
    /// # Errors
    /// [`PaymentIdentifierError`] when there is one of another form.
    pub fn read(extensions: Option<&Extensions>) -> Result<Option<Self>, PaymentIdentifierError> {
        let id = extensions.and_then(|extensions| extensions.get(PAYMENT_IDENTIFIER)?.pointer("/info/id"));
        id.map(|id| id.as_str().ok_or(PaymentIdentifierError)?.parse()).transpose()
    }

    /// Says in an offer that the seller honours identifiers, and whether it insists on one.
    pub fn advertise(extensions: &mut Extensions, required: bool) {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "required": { "type": "boolean" },
                "id": { "type": "string", "minLength": LENGTH.start(), "maxLength": LENGTH.end() },
            },
            "required": ["required"],
        });
        let value = json!({ "info": { "required": required }, "schema": schema });
        extensions.insert(PAYMENT_IDENTIFIER.to_owned(), value);
    }

    /// Adds the identifier to the extensions that a client echoes. Answers whether the seller honours identifiers at all;
    /// where it does not, nothing is added.
    pub fn attach(&self, extensions: &mut Extensions) -> bool {
        let extension = extensions.get_mut(PAYMENT_IDENTIFIER);
        let info = extension.and_then(|extension| extension.get_mut("info")?.as_object_mut());
        info.map(|info| info.insert("id".to_owned(), self.0.clone().into())).is_some()
    }
}

impl FromStr for PaymentIdentifier {
    type Err = PaymentIdentifierError;

    fn from_str(text: &str) -> Result<Self, PaymentIdentifierError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if LENGTH.contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PaymentIdentifierError)
        }
    }
}

impl fmt::Display for PaymentIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
