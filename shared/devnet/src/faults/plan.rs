use super::{Fault, Faults, Probability, Rule, When};

/// Faults at work: each rule and what it has seen.
#[derive(Debug)]
pub(crate) struct Plan {
    seed: u64,
    rules: Vec<(Rule, u64)>,
}

impl Plan {
    pub(crate) fn new(faults: Faults) -> Self {
        Self { seed: faults.seed, rules: faults.rules.into_iter().map(|rule| (rule, 0)).collect() }
    }

    /// What happens to a request, if anything.
    pub(crate) fn next(&mut self, path: &str, methods: &[&str]) -> Option<Fault> {
        let seed = self.seed;
        let rules = (0..).zip(&mut self.rules).filter(|(_, (rule, _))| rule.scope.covers(path, methods));
        for (index, (rule, seen)) in rules {
            *seen += 1;
            if rule.when.fires(seed, index, *seen) {
                return Some(rule.fault);
            }
        }
        None
    }

    /// Whether earlier answers may be wanted.
    pub(crate) fn replays(&self) -> bool {
        self.rules.iter().any(|(rule, _)| rule.fault == Fault::Replay)
    }
}

impl When {
    /// Whether the rule at `index` fires on the `nth` request that it sees, counted from 1. Nothing else goes into it, so
    /// what other rules see, and when, does not change the choices of this one.
    fn fires(self, seed: u64, index: u64, nth: u64) -> bool {
        match self {
            Self::Chance(Probability(p)) => unit(mix(mix(mix(seed) ^ index) ^ nth)) < p,
            Self::Every(n) => nth.is_multiple_of(n.get().into()),
            Self::Next(n) => nth <= n.into(),
        }
    }
}

/// One step of SplitMix64: neighbouring numbers become unrelated ones.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The top 53 bits as a number from 0 up to and without 1.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
