//! When the chain's blocks were seen here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy::{
    eips::BlockNumberOrTag,
    network::Ethereum,
    providers::{Provider, RootProvider},
};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use url::Url;
use x402::B256;

use super::{Node, within};

/// How often the safe head is asked for; it moves every few minutes on Base.
const SAFE_POLL: Duration = Duration::from_secs(1);

/// Asks a node for its newest block, over and over, until it is dropped.
#[derive(Debug)]
pub struct ChainClock {
    seen: Arc<Mutex<ClockReading>>,
    _watchers: JoinSet<()>,
}

/// A block, and when it was first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// When this node first told of it, or of a later one, since the run's beginning.
    pub seen: Duration,
}

/// What was seen. Times count from the run's beginning.
#[derive(Clone, Debug, Default)]
pub struct ClockReading {
    /// Blocks, in order.
    pub blocks: Vec<Block>,
    /// Safe heads, in order.
    pub safe: Vec<Block>,
    /// When a transaction was first seen in a flashblock.
    pub flashblocks: HashMap<B256, Duration>,
}

impl ChainClock {
    /// Starts to watch.
    #[must_use]
    pub fn start(node: &Node, flashblocks: Option<&Url>, poll: Duration, epoch: Instant) -> Self {
        let seen = Arc::new(Mutex::new(ClockReading::default()));
        let mut watchers = JoinSet::new();
        watchers.spawn(heads(node.provider.clone(), seen.clone(), poll, epoch));
        watchers.spawn(safe_heads(node.provider.clone(), seen.clone(), epoch));
        if let Some(url) = flashblocks {
            let provider = RootProvider::new_http(url.clone());
            watchers.spawn(pending(provider, seen.clone(), poll, epoch));
        }
        Self { seen, _watchers: watchers }
    }

    /// What was seen until now.
    #[must_use]
    pub fn reading(&self) -> ClockReading {
        self.seen.lock().map(|seen| seen.clone()).unwrap_or_default()
    }
}

impl ClockReading {
    /// When a block, or a later one, was seen.
    #[must_use]
    pub fn seen(&self, number: u64) -> Option<Duration> {
        first(&self.blocks, number)
    }

    /// When a block was seen to be safe.
    #[must_use]
    pub fn safe(&self, number: u64) -> Option<Duration> {
        first(&self.safe, number)
    }
}

fn first(blocks: &[Block], number: u64) -> Option<Duration> {
    let index = blocks.partition_point(|block| block.number < number);
    blocks.get(index).map(|block| block.seen)
}

async fn heads(
    provider: RootProvider<Ethereum>,
    seen: Arc<Mutex<ClockReading>>,
    poll: Duration,
    epoch: Instant,
) {
    let mut ticks = ticks(poll);
    loop {
        ticks.tick().await;
        if let Ok(number) = within(async { provider.get_block_number().await }).await {
            note(&seen, epoch, number, |seen| &mut seen.blocks);
        }
    }
}

async fn safe_heads(provider: RootProvider<Ethereum>, seen: Arc<Mutex<ClockReading>>, epoch: Instant) {
    let mut ticks = ticks(SAFE_POLL);
    loop {
        ticks.tick().await;
        let block = within(async { provider.get_block_by_number(BlockNumberOrTag::Safe).await }).await;
        if let Ok(Some(block)) = block {
            note(&seen, epoch, block.header.number, |seen| &mut seen.safe);
        }
    }
}

async fn pending(
    provider: RootProvider<Ethereum>,
    seen: Arc<Mutex<ClockReading>>,
    poll: Duration,
    epoch: Instant,
) {
    let mut ticks = ticks(poll);
    loop {
        ticks.tick().await;
        let block = within(async { provider.get_block_by_number(BlockNumberOrTag::Pending).await }).await;
        let (Ok(Some(block)), Ok(mut seen)) = (block, seen.lock()) else { continue };
        for hash in block.transactions.hashes() {
            seen.flashblocks.entry(hash).or_insert_with(|| epoch.elapsed());
        }
    }
}

fn ticks(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn note(
    seen: &Mutex<ClockReading>,
    epoch: Instant,
    number: u64,
    list: impl Fn(&mut ClockReading) -> &mut Vec<Block>,
) {
    if let Ok(mut seen) = seen.lock() {
        let blocks = list(&mut seen);
        if blocks.last().is_none_or(|last| last.number < number) {
            blocks.push(Block { number, seen: epoch.elapsed() });
        }
    }
}
