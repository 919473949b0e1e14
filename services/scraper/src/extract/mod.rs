//! One page in, its content out. Nothing here fetches, waits or writes.

mod dom;

pub use dom::{Dom, Limits, Refused};
