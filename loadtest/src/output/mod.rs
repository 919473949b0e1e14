//! What people see: a live view, a summary, and a report.

mod hdr_log;
mod live;
mod report;
mod summary;
mod units;

pub use hdr_log::hdr_log;
pub use live::Live;
pub use report::html;
pub use summary::{ComparisonText, Text};
