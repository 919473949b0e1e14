//! Page scrapes. `extract` turns one page into content and does no input or output.

#![deny(missing_docs)]

pub mod extract;
