//! Makes the calls of a plan, on time.
//!
//! The open loop starts each call when the schedule says, whatever became of the calls before it, and counts its latency from
//! that time: a seller that stalls is charged for everybody it kept waiting. The closed loop waits for each answer, so that a
//! stalling seller is asked less often just then; it is here because many tools do only that, and shows by how much they err.

mod call;
pub(crate) mod channels;
pub(crate) mod http;
mod server_timing;
mod signing;
mod turns;
mod verdict;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Semaphore, mpsc},
    task::coop::consume_budget,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

pub(crate) use call::{Caller, Goal};
pub(crate) use signing::SigningPool;

use crate::{
    plan::{Load, Plan, Schedule},
    sample::Call,
};

/// Calls as they end, and how many were not started.
pub(crate) struct Generator {
    caller: Arc<Caller>,
    /// Targets in turn, each as often as it weighs.
    turns: Arc<[usize]>,
    max_in_flight: usize,
    epoch: Instant,
    /// The lowest price of a paid target.
    cheapest: u64,
    stop: CancellationToken,
}

/// Calls that the schedule wanted and the generator did not start.
#[derive(Debug, Default)]
pub(crate) struct NotStarted {
    /// Too many were under way.
    pub(crate) in_flight: AtomicU64,
    /// The run was interrupted.
    pub(crate) interrupted: AtomicU64,
}

impl Generator {
    pub(crate) fn new(
        plan: &Plan,
        caller: Arc<Caller>,
        epoch: Instant,
        cheapest: u64,
        stop: CancellationToken,
    ) -> Self {
        let turns = turns(plan.targets.iter().map(|target| target.weight));
        Self { caller, turns, max_in_flight: plan.max_in_flight, epoch, cheapest, stop }
    }

    /// Starts everything; each call is sent to `ended` when it ends, and the channel closes after the last.
    pub(crate) async fn run(&self, load: &Load, ended: mpsc::UnboundedSender<Call>) -> NotStarted {
        let not_started = NotStarted::default();
        match load {
            Load::Open(schedule) => self.open(schedule, ended, &not_started).await,
            Load::Closed { customers, duration } => self.closed(*customers, *duration, &ended),
        }
        not_started
    }

    async fn open(&self, schedule: &Schedule, ended: mpsc::UnboundedSender<Call>, not_started: &NotStarted) {
        let slots = Arc::new(Semaphore::new(self.max_in_flight));
        for (index, intended) in schedule.starts().enumerate() {
            self.until(intended).await;
            if self.stop.is_cancelled() {
                let left = schedule.calls() - u64::try_from(index).unwrap_or_default();
                not_started.interrupted.store(left, Ordering::Relaxed);
                return;
            }
            let Ok(slot) = slots.clone().try_acquire_owned() else {
                not_started.in_flight.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            let (caller, ended) = (self.caller.clone(), ended.clone());
            let target = self.turns[index % self.turns.len()];
            tokio::spawn(async move {
                let _ = ended.send(caller.call(target, intended).await);
                drop(slot);
            });
        }
    }

    fn closed(&self, customers: u32, duration: Duration, ended: &mpsc::UnboundedSender<Call>) {
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..customers {
            let (caller, ended, next) = (self.caller.clone(), ended.clone(), next.clone());
            let (turns, epoch, cheapest) = (self.turns.clone(), self.epoch, self.cheapest);
            let stop = self.stop.clone();
            tokio::spawn(async move {
                sleep_until(epoch).await;
                while epoch.elapsed() < duration && !stop.is_cancelled() && !caller.is_spent(cheapest) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let call = caller.call(turns[index % turns.len()], epoch.elapsed()).await;
                    let failed = !call.is_served();
                    let _ = ended.send(call);
                    if failed {
                        // A seller that is gone is not asked again in a tight loop.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            });
        }
    }

    /// Waits until a time of the schedule, or until the run is interrupted.
    async fn until(&self, offset: Duration) {
        let due = self.epoch + offset;
        if Instant::now() < due {
            let _ = self.stop.run_until_cancelled(sleep_until(due)).await;
        } else {
            consume_budget().await;
        }
    }
}

/// Weights spread evenly: 2 and 1 are first, second, first.
fn turns(weights: impl Iterator<Item = u32>) -> Arc<[usize]> {
    let weights: Vec<i64> = weights.map(i64::from).collect();
    let total: i64 = weights.iter().sum();
    let mut credit = vec![0; weights.len()];
    let turn = |_| {
        for (credit, weight) in credit.iter_mut().zip(&weights) {
            *credit += weight;
        }
        let richest = (0..credit.len()).max_by_key(|&index| (credit[index], std::cmp::Reverse(index)));
        let richest = richest.unwrap_or_default();
        credit[richest] -= total;
        richest
    };
    (0..total).map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::turns;

    #[test]
    fn targets_take_turns_by_weight() {
        assert_eq!(&turns([1, 1].into_iter())[..], [0, 1]);
        assert_eq!(&turns([2, 1].into_iter())[..], [0, 1, 0]);
        let spread = turns([5, 1, 1].into_iter());
        assert_eq!(spread.iter().filter(|target| **target == 0).count(), 5);
        assert_ne!(&spread[..2], [1, 2], "the heavy one is not left to the end");
    }
}
