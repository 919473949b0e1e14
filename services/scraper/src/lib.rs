//! Page scrapes. `extract` turns one page into content and does no input or output; `extract_command` offers it on stdin.

#![deny(missing_docs)]

pub mod extract;
pub mod extract_command;
