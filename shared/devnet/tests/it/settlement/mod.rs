//! The settlement contract and its collector: every refusal, every event, and the arithmetic.

mod claims;
mod deposits;
mod refunds;
mod withdrawals;
mod world;
