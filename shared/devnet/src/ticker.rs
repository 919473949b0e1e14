use std::{thread, time::Duration};

use serde_json::Value;
use tokio::{
    runtime::Builder,
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use crate::{DevnetError, rpc::Rpc};

/// Makes a block at every tick, until it is dropped.
///
/// Anvil could do so itself, but at two seconds or less it then keeps 1,500 full copies of the state, which a load
/// test grows to gigabytes. The thread is its own, so that a test which blocks its runtime does not stop the chain.
#[derive(Debug)]
pub(crate) struct Ticker {
    running: watch::Sender<bool>,
}

impl Ticker {
    pub(crate) fn start(rpc_url: String, period: Duration) -> Result<Self, DevnetError> {
        let (running, watched) = watch::channel(true);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let rpc = Rpc::new(rpc_url)?;
        thread::Builder::new()
            .name("devnet-blocks".into())
            .spawn(move || runtime.block_on(tick(rpc, period, watched)))?;
        Ok(Self { running })
    }

    /// Makes ticks count, or not.
    pub(crate) fn run(&self, running: bool) {
        self.running.send_replace(running);
    }
}

async fn tick(rpc: Rpc, period: Duration, mut running: watch::Receiver<bool>) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset(); // the first block comes after one period
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                if *running.borrow() {
                    // If anvil is gone, whoever uses the chain notices.
                    let _ = rpc.request::<Value>("evm_mine", ()).await;
                }
            }
            changed = running.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}
