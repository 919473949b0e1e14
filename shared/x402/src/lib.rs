//! The x402 protocol, without I/O.
//!
//! Wire types of protocol versions 2 and 1, the header codec with its caps, the networks and their EIP-712 domains,
//! EIP-3009 signing and recovery, and the hashes that bind a payment to a request. Everything here is a pure
//! function of its arguments: no runtime, no HTTP, no database, so that the seller, the facilitator and the buyer
//! agree by construction.
//!
//! The specification is `specs/x402-specification-v2.md` (and `-v1.md`) of the repository x402-foundation/x402.
#![deny(missing_docs)]

mod amount;
mod bind;
mod channel;
mod contracts;
mod ecdsa;
mod exact;
mod facilitator;
mod header;
mod network;
mod payment;
mod proof;
mod reason;
mod request;
mod serde_forms;
mod settlement;
pub mod v1;
mod v2;

pub use alloy_primitives::{Address, B256, Bytes, keccak256};

pub use amount::{AmountError, Usdc};
pub use bind::{BIND_EXTENSION, BindSalt, Binding, BindingError};
pub use channel::{
    BATCH_SETTLEMENT, ChannelConfig, ChannelExtra, ChannelId, ChannelPayload, ChannelSettlement,
    ChannelState, ChannelTerms, ChannelVerifyResponse, ClaimPayload, ClaimedVoucher, Collector,
    DEPOSIT_COLLECTOR, Deposit, DepositAuthorization, DepositPayload, Erc3009Authorization,
    MAX_WITHDRAW_DELAY, MIN_WITHDRAW_DELAY, RefundPayload, SETTLEMENT_CONTRACT, SettlePayload, Settlement,
    Voucher, VoucherClaim, VoucherPayload, VoucherState, channel_domain_separator, channel_refund_digest,
};
pub use contracts::{Multicall3, TestToken, Token};
pub use ecdsa::{SignatureError, SigningKey, recover};
pub use exact::{Authorization, EXACT, ExactPayload};
pub use facilitator::{
    FacilitatorRequest, SettleRequest, SupportedKind, SupportedResponse, VerifyRequest, VerifyResponse,
};
pub use header::{
    HeaderError, MAX_HEADER_BYTES, MAX_JSON_DEPTH, PAYMENT_REQUIRED, PAYMENT_RESPONSE, PAYMENT_SIGNATURE,
    X_PAYMENT, X_PAYMENT_RESPONSE, decode_header, encode_header,
};
pub use network::{Asset, Network, NetworkError};
pub use payment::{PaymentId, PaymentKey, PaymentNonce};
pub use proof::{
    Artifact, ArtifactError, DELIVERY_EXTENSION, DelegationError, Delivery, ExtensionError, ExtensionInfo,
    Finality, OFFER_RECEIPT_EXTENSION, OfferPayload, Offers, PAYMENT_IDENTIFIER, PayloadVersion,
    PaymentIdentifier, PaymentIdentifierError, PaymentStatus, REFUND_EXTENSION, ReceiptKey, ReceiptPayload,
    Refund, Refunds, Signed, SignedOffer, SignedReceipt, StandardPayload, Statement, may_sign,
};
pub use reason::ErrorReason;
pub use request::{RequestHash, RequestParts};
pub use settlement::{LogEntry, SettlementLogs, find_settlement};
pub use v2::{
    Accept, Extensions, PaymentPayload, PaymentRequired, PaymentRequirements, ResourceInfo,
    SettlementResponse,
};

/// Seconds since the Unix epoch, the unit of EIP-3009 validity windows.
pub type UnixSeconds = u64;
