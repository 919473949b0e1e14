//! What a seller signs, so that a buyer can prove later what was offered, delivered, owed and given back.
//!
//! | statement | EIP-712 domain | where it travels |
//! |---|---|---|
//! | [`OfferPayload`] | "x402 offer", version 1, chain 1 | 402, `extensions["offer-receipt"].info.offers` |
//! | [`ReceiptPayload`] | "x402 receipt", version 1, chain 1 | `PAYMENT-RESPONSE`, `extensions["offer-receipt"].info.receipt` |
//! | [`ReceiptKey`] | "x402 delivery", version 1, the payment's chain | 402, `extensions["x402-delivery"].info.receiptKey` |
//! | [`Delivery`] | "x402 delivery", version 1, the payment's chain | `PAYMENT-RESPONSE`, `extensions["x402-delivery"].info.delivery` |
//! | [`PaymentStatus`] | "x402 status", version 1, the payment's chain | the answer to a question for a payment's status |
//!
//! The first two are the standard's (`specs/extensions/extension-offer-and-receipt.md`). The others say what the standard's
//! leave out: which payment, which request, which answer, and who may sign for the payee.

mod delegation;
mod delivery;
mod extension;
mod identifier;
mod offer;
mod receipt;
mod refund;
mod signed;
mod standard;
mod status;

pub use delegation::{DelegationError, ReceiptKey, may_sign};
pub use delivery::{DELIVERY_EXTENSION, Delivery, Finality};
pub use extension::{ExtensionError, ExtensionInfo};
pub use identifier::{PAYMENT_IDENTIFIER, PaymentIdentifier, PaymentIdentifierError};
pub use offer::{OfferPayload, Offers, SignedOffer};
pub use receipt::{ReceiptPayload, SignedReceipt};
pub use refund::{REFUND_EXTENSION, Refund, Refunds};
pub use signed::{Signed, Statement};
pub use standard::{Artifact, ArtifactError, OFFER_RECEIPT_EXTENSION, PayloadVersion, StandardPayload};
pub use status::PaymentStatus;
