//! What is done with a stranger's bytes: decoding and extraction, in a process of its own that may be lost.

pub mod decode;
mod frame;
mod job;
mod kind;
mod page;
mod pdf;
mod pool;
pub mod worker;

pub use job::{Done, Job, Outcome, Unreadable};
pub use page::Content;
pub use pool::{Pool, WorkError, WorkLimits};
