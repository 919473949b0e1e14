//! Page scrapes: `fetch` gets a page, `work` has it decoded and extracted in a process of its own by `extract`, which does no input or
//! output, `render` has a browser make it where that is needed, and `api` sells what comes out where it is content; `extract_command` offers
//! `extract` on stdin.

#![deny(missing_docs)]

pub mod api;
pub mod extract;
pub mod extract_command;
pub mod fetch;
pub mod render;
pub mod settings;
pub mod site;
pub mod work;
