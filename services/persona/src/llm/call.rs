//! One persona's words: asked for, streamed, and asked for again only where nothing can have been charged.

use std::time::Duration;

use reqwest::{Response, StatusCode, header};
use tokio::time::{sleep, timeout};

use super::{
    Llm,
    prompt::Prompt,
    sse::Events,
    wire::{Reading, Usage},
};

const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// More text than a persona's words with the JSON around them; what follows is neither read nor paid for.
const MOST_TEXT: usize = 4_000;

/// What the model said, and what that cost, said or not.
pub(super) struct Outcome {
    pub(super) said: Result<String, CallError>,
    pub(super) usage: Usage,
}

/// Why the model did not speak.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error("cannot be reached: {0}")]
    Unreachable(reqwest::Error),
    #[error("has no room: {status}")]
    Busy { status: StatusCode, pause: Option<Duration> },
    #[error("refuses: {status} {detail}")]
    Refused { status: StatusCode, detail: String },
    #[error("took too long")]
    Late,
    #[error("broke off")]
    BrokeOff,
    #[error("fails: {0}")]
    Failed(String),
}

impl CallError {
    /// The pause after which it may be asked again: where the request was turned away before any work. Whatever else went wrong, tokens
    /// may have been charged, and are not charged twice.
    fn pause(&self, attempt: u32) -> Option<Duration> {
        let own = FIRST_PAUSE * 2_u32.pow(attempt);
        match self {
            Self::Unreachable(_) => Some(own),
            Self::Busy { pause, .. } => Some(pause.unwrap_or(own)).filter(|pause| *pause <= LONGEST_PAUSE),
            _ => None,
        }
    }
}

impl Outcome {
    pub(super) fn late() -> Self {
        Self { said: Err(CallError::Late), usage: Usage::default() }
    }
}

impl Llm {
    pub(super) async fn say(&self, prompt: &Prompt) -> Outcome {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        let mut attempt = 0;
        loop {
            let mut reading = Reading::default();
            let said = timeout(self.endpoint.timeout, self.attempt(prompt, &mut reading)).await;
            let said = said.unwrap_or(Err(CallError::Late));
            let pause = said.as_ref().err().and_then(|error| error.pause(attempt));
            attempt += 1;
            match pause {
                Some(pause) if attempt < ATTEMPTS => sleep(pause).await,
                _ => return Outcome { said: said.map(|()| reading.text), usage: reading.usage },
            }
        }
    }

    async fn attempt(&self, prompt: &Prompt, reading: &mut Reading) -> Result<(), CallError> {
        let request = self.endpoint.protocol.request(&self.http, &self.endpoint, prompt);
        let mut response = accepted(request.send().await.map_err(unsent)?).await?;
        let mut events = Events::default();
        while !reading.done && reading.text.len() < MOST_TEXT {
            let Some(bytes) = response.chunk().await.map_err(|_| CallError::BrokeOff)? else { break };
            for data in
                events.feed(&bytes).map_err(|_| CallError::Failed("an event without end".to_owned()))?
            {
                self.endpoint.protocol.read(&data, reading).map_err(CallError::Failed)?;
            }
        }
        if reading.ended { Ok(()) } else { Err(CallError::BrokeOff) }
    }
}

/// A connection that was never made sent nothing; any other error may have come after the request.
fn unsent(error: reqwest::Error) -> CallError {
    if error.is_connect() { CallError::Unreachable(error) } else { CallError::BrokeOff }
}

async fn accepted(response: Response) -> Result<Response, CallError> {
    /// Anthropic's "overloaded".
    const OVERLOADED: u16 = 529;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
        || status.as_u16() == OVERLOADED
    {
        let pause =
            response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        return Err(CallError::Busy { status, pause: pause.map(Duration::from_secs) });
    }
    let detail = response.text().await.unwrap_or_default().chars().take(300).collect();
    Err(CallError::Refused { status, detail })
}
