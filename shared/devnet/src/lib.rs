//! A Base Sepolia on this machine: [anvil](https://getfoundry.sh/anvil) with Base Sepolia's chain id, a stand-in for USDC
//! and Multicall3 at their canonical addresses, and sixty accounts of the public test mnemonic.
//!
//! Every test can have a chain of its own: one starts in well under a second on a free port, and ends when
//! the [`Devnet`] is dropped or its process dies, however it dies.
//!
//! ```no_run
//! # async fn example() -> Result<(), devnet::DevnetError> {
//! use devnet::{Devnet, Options};
//!
//! let chain = Devnet::start(Options::default()).await?;
//! let payer = chain.buyer(0);
//! println!("{} holds {} atomic units", payer.address, chain.balance_of(payer.address).await?);
//! # Ok(())
//! # }
//! ```
//!
//! A [`FaultProxy`] between a program and its chain, or its facilitator, makes go wrong what goes wrong on a public network.
//!
//! The contracts are compiled ahead of time into `deploy/devnet/contracts.json`; nothing here needs a Solidity compiler.
//! Runs on Unix, with anvil installed by `make setup`.

#![deny(missing_docs)]

mod anvil;
mod contracts;
mod description;
mod devnet;
mod error;
mod faults;
mod genesis;
mod locate;
mod options;
mod proxy;
mod rpc;
mod ticker;

pub use contracts::{CHAIN_ID, MULTICALL3, USDC};
pub use description::{Account, Description, PayTo};
pub use devnet::Devnet;
pub use error::DevnetError;
pub use faults::{Counts, Fault, Faults, ParseFaultsError, Probability, Problem, Rule, Scope, When};
pub use options::{BlockTime, Options};
pub use proxy::FaultProxy;
