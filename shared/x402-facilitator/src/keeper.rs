//! Keeps a signer for this process, and takes up what an earlier one sent from it.

use std::{collections::HashSet, sync::Weak, time::Duration};

use alloy::eips::BlockId;
use tokio::time::sleep;
use x402::Address;

use crate::{
    journal::Written,
    relay::{Relay, Signer},
};

/// How often a signer is kept. A journal's lease should last several times as long.
const INTERVAL: Duration = Duration::from_secs(3);

/// Keeps the signer of that index until the relay is gone.
pub(crate) async fn keep(relay: Weak<Relay>, index: usize) {
    let mut taken_up = false;
    while let Some(relay) = relay.upgrade() {
        keep_once(&relay, index, &mut taken_up).await;
        drop(relay);
        sleep(INTERVAL).await;
    }
}

async fn keep_once(relay: &Relay, index: usize, taken_up: &mut bool) {
    let signer = &relay.signers[index];
    let address = signer.address();
    let before = signer.is_held();
    match relay.journal.hold(address).await {
        Ok(true) => {
            if before != Some(true) {
                // Whatever was known of its nonces is out of date.
                signer.resync();
                *taken_up = false;
            }
            if took_back(relay, signer).await {
                *taken_up = false;
            }
            // Tried again while the chain is away; settling does not wait for it.
            if !*taken_up {
                *taken_up = take_up(relay, address).await;
            }
            signer.held.send_replace(Some(true));
            tidy(relay, address).await;
        }
        Ok(false) => {
            if before != Some(false) {
                tracing::warn!(signer = %address, "another process has this signer; it is not used here");
            }
            signer.held.send_replace(Some(false));
        }
        // Without the journal nothing is sent: what was held may stay so.
        Err(error) => {
            tracing::warn!(signer = %address, %error, "a signer cannot be kept");
            signer.held.send_replace(Some(before == Some(true)));
        }
    }
}

/// Whether the chain took back blocks with transactions of this signer: later ones wait for their nonces.
async fn took_back(relay: &Relay, signer: &Signer) -> bool {
    let before = signer.mined();
    // Asked again soon.
    let Ok(mined) = relay.chain.nonce_at(signer.address(), BlockId::latest()).await else { return false };
    let lost = signer.lost(before, mined);
    if lost {
        tracing::warn!(signer = %signer.address(), before, mined, "the chain took transactions back");
        signer.resync();
    }
    lost
}

/// Sends again, as they were, the transactions that no block has, and says what else waits from the account. False when that
/// could not be done.
async fn take_up(relay: &Relay, signer: Address) -> bool {
    let written = match relay.journal.written(signer).await {
        Ok(written) => written,
        Err(error) => {
            tracing::warn!(%signer, %error, "what was sent before cannot be read");
            return false;
        }
    };
    let nonces = async {
        let latest = relay.chain.nonce_at(signer, BlockId::latest());
        tokio::try_join!(latest, relay.chain.next_nonce(signer))
    };
    let (latest, pending) = match nonces.await {
        Ok(nonces) => nonces,
        Err(error) => {
            tracing::warn!(%signer, %error, "the chain does not tell what waits");
            return false;
        }
    };
    let waiting: Vec<&Written> = written.iter().filter(|one| one.nonce >= latest).collect();
    for Written { hash, nonce, raw } in &waiting {
        tracing::info!(%signer, nonce, %hash, "sending again what was sent before");
        relay.chain.resend(*hash, raw).await;
    }
    let ours: HashSet<u64> = waiting.iter().map(|one| one.nonce).collect();
    let foreign = (latest..pending).filter(|nonce| !ours.contains(nonce)).count();
    if foreign > 0 {
        tracing::warn!(
            %signer, foreign, first = latest,
            "transactions wait that were not sent from here: does another program use this signer?"
        );
    }
    true
}

/// Forgets what is final.
async fn tidy(relay: &Relay, signer: Address) {
    let safe = match relay.chain.nonce_at(signer, BlockId::safe()).await {
        Ok(safe) => safe,
        Err(error) => return tracing::debug!(%signer, %error, "nothing can be forgotten"),
    };
    if let Err(error) = relay.journal.forget(signer, safe).await {
        tracing::debug!(%signer, %error, "nothing is forgotten");
    }
}
