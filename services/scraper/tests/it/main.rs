//! The scraper as its users meet it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends where something is not as expected")]

mod charset;
mod content;
mod extract_command;
mod hostile;
mod markdown;
mod metadata;
mod verdict;
