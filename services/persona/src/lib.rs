//! Persona research with its evidence attached: what a synthetic population would answer, how sure that is, and where it comes from.
//!
//! Numbers come from survey models where a survey item matches the question, and say so; otherwise from priors, and say so.
//! A hypothesis tool, not evidence of demand: n synthetic answers are not a sample.
#![allow(
    clippy::cast_possible_truncation,
    reason = "codes, ages and places on scales: small numbers, whose casts from floats saturate"
)]

mod answer;
mod audience;
mod bank;
mod cache;
mod cli;
mod compose;
mod embed;
mod engine;
mod estimate;
mod evaluate;
mod harmless;
mod llm;
mod numbers;
mod page;
mod panel;
mod rate;
mod refuse;
mod request;
mod research;
mod scale;
mod service;
mod session;
mod share;
mod similar;
mod stance;
mod stream;
mod tell;
mod wanting;

pub use answer::{Answer, Distribution, Grade};
pub use cli::{AnswerCommand, EmbedCommand, EvaluateCommand, MeaningsCommand};
pub use engine::{Engine, QueryError};
pub use request::Query;
pub use service::{Config, routes};
