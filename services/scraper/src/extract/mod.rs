//! One page in, its content out. Nothing here fetches, waits or writes.
//!
//! [`extract`] parses the page under limits, decides what kind of page it is, removes what is not content, and renders what is left.

mod actions;
mod address;
mod answer;
mod budget;
mod charset;
mod clean_html;
mod content;
mod dom;
mod flat;
mod headings;
mod hidden;
mod injection;
mod json_ld;
mod link_blocks;
mod links;
mod markdown;
mod metadata;
mod noise;
mod options;
mod page;
mod page_type;
mod posts;
mod quotes;
mod selectors;
mod structured;
mod table;
mod text;
mod verdict;
mod weight;

pub use answer::{ExtractError, Extraction, Link, Source};
pub use charset::{Decoded, DecodedBy, decode};
pub use dom::{Dom, Limits, Refused};
pub use injection::Suspicion;
pub use metadata::Metadata;
pub use options::{Format, Options};
pub use page::{extract, extract_parsed};
pub use page_type::PageType;
pub use structured::{Field, Schema};
pub use verdict::{Answer, Evidence, Judgement, Verdict, judge, judge_parsed};
