//! The buyer's side of x402: a client that pays, within limits, and keeps proof of what it paid for.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use x402_buyer::{PayingClient, Policy, Request, SpendLedger, Terms, Wallet};
//!
//! let wallet = Wallet::from_key_file("wallet.key".as_ref())?;
//! let ledger = SpendLedger::open("buyer.db".as_ref()).await?;
//! let client = PayingClient::new(wallet, ledger, Policy::new(x402::Network::BaseSepolia))?;
//!
//! let terms = Terms { max_price: Some("0.01".parse()?), ..Terms::default() };
//! let answer = client.send(&Request::get("https://api.example.com/v1/random")?, &terms).await?;
//! # Ok(()) }
//! ```
//!
//! What it holds to:
//! - A payment is on disk before it is sent ([`SpendLedger`]), and every retry sends the same one. A crash at any point
//!   loses no money and pays nothing twice; [`PayingClient::resume`] takes up where it stopped.
//! - Network, token, price, window and, where given, payee are pinned by a [`Policy`]; offers fit or are refused.
//! - [`Budgets`] are checked under the ledger's write lock, before anything is signed, so that several processes together
//!   keep to them. A payment whose outcome is unknown stays reserved until the chain says ([`SpendLedger::reconcile`]).
//! - A payment is bound to its request: the seller cannot use it for another, nor can anybody else.
//! - A [`Receipt`] can be checked by anybody, with [`verify()`].
#![deny(missing_docs)]

mod body;
pub mod budget;
mod chain;
mod challenge;
pub mod channel;
mod client;
mod clock;
mod files;
mod inclusion;
mod keystore;
mod ledger;
mod offer;
mod paid;
mod payment;
mod policy;
mod receipt;
mod reconcile;
mod request;
mod verbatim;
mod verify;
mod wallet;

pub use body::Body;
pub use budget::{Budget, BudgetExceeded, Budgets, UnknownBudget};
pub use chain::{Chain, ChainError, OnChain};
pub use challenge::{Challenge, ChallengeError};
pub use client::{Answer, ExchangeError, PayingClient, Phases, Purchase, Refused, SendError, Unresolved};
pub use clock::UnixMillis;
pub use inclusion::{InclusionError, add_inclusion_proof};
pub use ledger::{
    Entry, Intent, Kind, LedgerError, Reservation, ReserveError, Spend, SpendLedger, State, UnknownState,
};
pub use offer::{LogTerms, Offer, RngTerms, Version};
pub use paid::{ChannelPaid, Paid};
pub use payment::{Payload, PayloadV2, SignError, SignedPayment};
pub use policy::{NoOffer, Policy, Rejection, Terms};
pub use receipt::{Format, Receipt, RequestRecord, ResponseRecord};
pub use reconcile::{Finding, ReconcileError};
pub use request::{Request, RequestError};
pub use verbatim::Verbatim;
pub use verify::{Check, Outcome, Report, proofs, verify};
pub use wallet::{Wallet, WalletError, read_private};
