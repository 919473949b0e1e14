//! The beacon's relays: where its rounds are fetched. What they answer is verified, so any relay will do.

use std::time::Duration;

use draw::beacon::{BeaconRound, CHAIN_HASH, time_of, verify};
use draw::hex_bytes;
use serde::Deserialize;
use url::Url;

use crate::{clock, log::Accepted};

/// How long a relay is asked for a round that is due.
const PATIENCE: Duration = Duration::from_secs(12);
const AGAIN: Duration = Duration::from_millis(300);
const TIMEOUT: Duration = Duration::from_secs(3);

/// Relays of drand's quicknet.
pub(crate) struct Beacon {
    relays: Vec<Url>,
    client: reqwest::Client,
}

/// Why there is no round.
#[derive(Debug, thiserror::Error)]
#[error("no relay gave round {round} of the beacon: {last}")]
pub(crate) struct NoRound {
    round: u64,
    last: String,
}

#[derive(Deserialize)]
struct Answer {
    round: u64,
    signature: String,
}

impl Beacon {
    /// With these relays, asked in turn; nothing without any.
    pub(crate) fn new(relays: Vec<Url>) -> Option<Self> {
        let client = reqwest::Client::builder().timeout(TIMEOUT).build().unwrap_or_default();
        (!relays.is_empty()).then_some(Self { relays, client })
    }

    /// The round of an accepted draw, once it is there.
    pub(crate) async fn round(&self, accepted: Accepted) -> Result<BeaconRound, NoRound> {
        let Accepted { at, round } = accepted;
        let due = Duration::from_secs(time_of(round).saturating_sub(clock::seconds()));
        tokio::time::sleep(due).await;
        let mut last = String::new();
        let asking = async {
            loop {
                for relay in &self.relays {
                    match self.ask(relay, round).await {
                        Ok(signature) => return BeaconRound { round, signature, accepted_at: at },
                        Err(error) => last = error,
                    }
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        let answer = tokio::time::timeout(PATIENCE, asking).await;
        answer.map_err(|_| NoRound { round, last })
    }

    async fn ask(&self, relay: &Url, round: u64) -> Result<[u8; 48], String> {
        let url = format!("{}/{CHAIN_HASH}/public/{round}", relay.as_str().trim_end_matches('/'));
        let answer = self.client.get(url).send().await.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|error| error.to_string())?;
        let answer: Answer = answer.json().await.map_err(|error| error.to_string())?;
        let signature =
            hex_bytes::parse(&format!("0x{}", answer.signature)).map_err(|error| error.to_string())?;
        if answer.round != round {
            return Err(format!("the relay answered round {}", answer.round));
        }
        verify(round, &signature).map_err(|error| error.to_string())?;
        Ok(signature)
    }
}
