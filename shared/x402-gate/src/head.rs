use std::time::{Duration, Instant};

use tokio::{sync::Mutex, time::timeout};
use x402_facilitator::{Chain, Head};

/// How long a head is the newest for whoever asks for free.
const FRESH: Duration = Duration::from_secs(1);
/// How long the RPC may take before the last head will do.
const PATIENCE: Duration = Duration::from_secs(2);

/// The chain's newest block as it was last seen. However many ask, the RPC is asked once a second.
#[derive(Default)]
pub(crate) struct LastHead(Mutex<Option<Seen>>);

#[derive(Clone, Copy)]
struct Seen {
    asked: Instant,
    head: Option<Head>,
}

impl LastHead {
    /// The newest block that was seen; none where none ever was.
    pub(crate) async fn get(&self, chain: &Chain) -> Option<Head> {
        let mut last = self.0.lock().await;
        if let Some(seen) = *last
            && seen.asked.elapsed() < FRESH
        {
            return seen.head;
        }
        let asked = timeout(PATIENCE, chain.head()).await;
        let head = asked.ok().and_then(Result::ok).or_else(|| last.and_then(|seen| seen.head));
        *last = Some(Seen { asked: Instant::now(), head });
        head
    }
}
