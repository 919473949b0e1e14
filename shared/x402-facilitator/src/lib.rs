//! The chain side of x402: verify and settle payments of the schemes `exact` and
//! `batch-settlement` in USDC.
//!
//! [`Facilitator`] is the seam. [`OnchainFacilitator`] does the work itself over an RPC, with signers that pay the gas;
//! [`RemoteFacilitator`] asks somebody else's over HTTP and believes a settlement only when the chain shows it. Both
//! read the chain through [`Chain`], whose [`Chain::payment_state`] is the one place that answers "is it settled".
//!
//! A settlement has three outcomes, because a broadcast transaction cannot be taken back: settled, failed, and
//! [`SettleOutcome::Unknown`]. *Failed* is said only when it is certain.
//!
//! ```no_run
//! # async fn example(request: x402::SettleRequest) -> Result<(), Box<dyn std::error::Error>> {
//! use x402_facilitator::{Chain, Facilitator, OnchainFacilitator, SettleOutcome};
//!
//! let chain = Chain::new(x402::Network::BaseSepolia, "http://127.0.0.1:8545".parse()?)?;
//! chain.check_domain().await?;
//! let signer = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d".parse()?;
//! let facilitator = OnchainFacilitator::new(chain, [signer])?;
//! if let SettleOutcome::Settled(settled) = facilitator.settle(&request).await? {
//!     println!("paid in {}", settled.transaction);
//! }
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod admission;
mod chain;
mod channel;
mod facilitator;
mod http;
mod journal;
mod keeper;
mod onchain;
mod relay;
mod remote;
mod settings;
mod settle;
mod verified;

pub use chain::{
    BlockRef, Chain, ChainError, ChainSettings, DomainError, Facts, Head, Mismatch, OnchainChannel,
    PaymentState, Revert, Settled, Standing, Withdrawal,
};
pub use channel::{ChannelOutcome, ChannelReceipt, ChannelRelay, ChannelRevert, ChannelVerification};
pub use facilitator::{Facilitator, FacilitatorError, SettleOutcome, Verification};
pub use http::ClientError;
pub use journal::{Journal, JournalError, NoJournal, Outgoing, Written};
pub use onchain::{NoSigner, OnchainFacilitator};
pub use remote::{RemoteFacilitator, RemoteSettings};
pub use settings::OnchainSettings;
