//! Sell any axum route for USDC: the seller's side of x402.
//!
//! A [`Gate`] stands in front of the priced handlers of a table of [`Routes`]. A request without a payment is answered with
//! the offer. A payment is checked, **claimed durably before the work**, worked for once, settled, and its answer stored, so
//! that a lost response is sent again and never paid again.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use axum::Json;
//! # use x402_facilitator::{Chain, Facilitator};
//! # use x402_gate::{Gate, GateConfig, Ledger, Payment, Route, Routes};
//! # async fn sell(config: GateConfig, chain: Arc<Chain>, facilitator: Arc<dyn Facilitator>) -> Result<(), Box<dyn std::error::Error>> {
//! let ledger = Ledger::open("sqlite://data/answers.db", config.network, config.pay_to).await?;
//! let gate = Gate::new(config, ledger, facilitator, chain);
//! let routes = Routes::new()
//!     .paid(Route::get("/v1/answer").price("0.001".parse()?).summary("The answer."), async |_: Payment| Json(42));
//! let app = gate.mount(routes)?;
//! axum::serve(tokio::net::TcpListener::bind("127.0.0.1:4021").await?, app).await?;
//! # Ok(()) }
//! ```
#![deny(missing_docs)]

mod admit;
mod answer;
mod attachment;
mod body;
mod challenge;
mod channel;
mod charge;
mod checks;
mod claims;
mod config;
mod cors;
mod deliver;
mod discovery;
mod exposure;
mod gate;
mod head;
mod incoming;
mod job;
mod layer;
mod lease;
mod ledger;
mod limits;
mod payment;
mod price;
mod receipts;
mod reconcile;
mod refund;
mod refusal;
mod repeat;
mod route;
mod routes;
mod run;
mod sale;
mod state;
mod status;
mod timing;
mod waiters;
mod watch;

pub use attachment::{Attached, Attachment};
pub use channel::{ChannelCall, ChannelSettings};
pub use charge::Charge;
pub use config::GateConfig;
pub use gate::{Gate, GateError};
pub use layer::{GateLayer, GateService};
pub use ledger::{Ledger, LedgerError, LedgerJournal, PostgresLedger, SqliteLedger};
pub use limits::{Meter, UnpaidLimit};
pub use payment::Payment;
pub use receipts::{ReceiptSigner, ReceiptSignerError};
pub use refund::RefundWallet;
pub use route::{Flow, Route};
pub use routes::Routes;
pub use state::{MAX_RUNS, Money, Work};
