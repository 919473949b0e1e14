//! A result as one HTML file that needs nothing else.

mod plots;
mod svg;
mod tables;

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::result::{HistogramError, RunResult};

const STYLE: &str = include_str!("style.css");

/// The whole page.
///
/// # Errors
/// [`HistogramError`] where the result cannot be read.
pub fn html(result: &RunResult) -> Result<String, HistogramError> {
    let distribution = plots::distribution(result)?;
    let page: Markup = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "x402 load test, " (result.provenance.started_at) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "x402 load test" }
                (tables::verdict(result))
                (tables::headline(result))
                section {
                    h2 { "Latency by phase" }
                    p { "Share of served calls that took at most so long. The time axis is logarithmic." }
                    (distribution)
                    (tables::measures(result))
                }
                section {
                    h2 { "Every call" }
                    p { "Total time by intended start" @if !result.blocks.is_empty() { "; the lines are blocks as they were seen here" } "." }
                    (plots::timeline(result))
                }
                @if let Some(sawtooth) = plots::sawtooth(result) {
                    section {
                        h2 { "Against the block boundary" }
                        p { "Total time by the time that had passed since the last block when the payment was sent. A payment that just misses a block waits for the next one." }
                        (sawtooth)
                    }
                }
                (tables::money(result))
                (tables::targets(result))
                (tables::unserved(result))
                (tables::provenance(result))
            }
        }
    };
    Ok(page.into_string())
}
