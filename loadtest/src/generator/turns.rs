//! Whose turn it is at a target: buyers come in turns, so that all of them come to it, and one that waits for an answer is
//! passed over while another does not. Calls at once from one channel would wait for each other.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The buyers of a target.
pub(super) struct Turns {
    /// Who waits for no answer, whoever came last at the end.
    idle: Mutex<VecDeque<usize>>,
    /// Who is next where everybody waits.
    next: AtomicUsize,
    buyers: usize,
}

/// A buyer, for one call.
pub(super) struct Turn<'t> {
    pub(super) buyer: usize,
    /// Where it goes back to.
    turns: Option<&'t Turns>,
}

impl Turns {
    pub(super) fn of(buyers: usize) -> Self {
        Self { idle: Mutex::new((0..buyers).collect()), next: AtomicUsize::new(0), buyers }
    }

    pub(super) fn take(&self) -> Turn<'_> {
        match self.idle().pop_front() {
            Some(buyer) => Turn { buyer, turns: Some(self) },
            None => {
                let next = self.next.fetch_add(1, Ordering::Relaxed);
                Turn { buyer: next % self.buyers.max(1), turns: None }
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(turns) = self.turns {
            turns.idle().push_back(self.buyer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_come_in_turns_and_who_waits_is_passed_over() {
        let turns = Turns::of(3);
        let (first, second) = (turns.take(), turns.take());
        assert_eq!((first.buyer, second.buyer), (0, 1));
        drop(second);
        let (third, again) = (turns.take(), turns.take());
        assert_eq!((third.buyer, again.buyer), (2, 1), "the first still waits");
        assert_eq!(turns.take().buyer, 0, "all wait, so one has two calls under way");
        drop(first);
        assert_eq!(turns.take().buyer, 0);
    }
}
