//! The accounts that pay: as many as a plan asks for, derived from one secret, so that they are the same in every run.

mod fund;
mod secret;

pub(crate) use fund::total;
pub use fund::{FundError, Moved, fund, sweep};
pub use secret::{Secret, SecretError};
