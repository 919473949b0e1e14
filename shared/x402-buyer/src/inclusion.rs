//! The proof that a draw is in the seller's log, which exists a moment after the answer.

use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};

use crate::Receipt;

/// How long the log is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(200);

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InclusionError {
    /// The seller's answer is no proof.
    #[error("asking the log: {0}")]
    Http(#[from] reqwest::Error),
    /// The seller does not have it, within seconds.
    #[error("the log answers {0}")]
    NotYet(StatusCode),
}

/// Fetches the proof of inclusion of a receipt's draw, and adds it: then the receipt stands without its seller. Does nothing
/// for a receipt without a promise, or with a proof. Whether the proof holds is [`verify`](crate::verify)'s to say.
///
/// # Errors
/// [`InclusionError`], with the receipt as it was.
pub async fn add_inclusion_proof(receipt: &mut Receipt) -> Result<(), InclusionError> {
    let Some(draw) = &mut receipt.draw else { return Ok(()) };
    let Some(blind) = draw.log.as_ref().filter(|log| log.proof.is_none()).map(|log| log.blind) else {
        return Ok(());
    };
    let leaf = draw::hex_bytes::format(&draw.leaf(&blind).hash());
    let url = format!("{}/v1/proofs/{leaf}", receipt.request.origin);
    let client = Client::builder().timeout(PATIENCE).build()?;
    let end = Instant::now() + PATIENCE;
    let proof = loop {
        let answer = client.get(&url).send().await?;
        match answer.status() {
            StatusCode::OK => break answer.json().await?,
            StatusCode::NOT_FOUND if Instant::now() < end => tokio::time::sleep(AGAIN).await,
            status => return Err(InclusionError::NotYet(status)),
        }
    };
    if let Some(log) = &mut draw.log {
        log.proof = Some(proof);
    }
    Ok(())
}
