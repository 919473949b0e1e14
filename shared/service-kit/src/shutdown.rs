//! Stopping: the first signal asks, the second insists.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::StartError;

/// The status of a process that a person interrupted twice, as shells report SIGINT.
const INTERRUPTED: i32 = 130;

/// A token that SIGINT or SIGTERM cancels. A second signal ends the process at once.
pub(crate) fn on_signal() -> Result<CancellationToken, StartError> {
    let doing = "listening for signals";
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::failed(doing))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::failed(doing))?;
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        tracing::info!("stopping: running work may end; a second signal ends it now");
        asked.cancel();
        either(&mut interrupt, &mut terminate).await;
        tracing::warn!("stopped by a second signal");
        std::process::exit(INTERRUPTED);
    });
    Ok(stop)
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
