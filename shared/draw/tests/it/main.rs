//! The verifiable draw, through its public interface.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "helpers of tests fail as tests do"
)]

mod alpha;
mod beacon;
mod corpus;
mod expand;
mod hostile_json;
mod log;
mod query;
mod receipt;
mod request;
mod tree;
mod vrf;

use draw::{DrawInput, Mode, Scheme};
use proptest::prelude::*;

/// The payment of every example.
fn input() -> DrawInput {
    DrawInput {
        epoch: 20_000,
        scheme: Scheme::Exact,
        chain_id: 84532,
        asset: [0xaa; 20],
        payer: [0xbb; 20],
        nonce: [0xcc; 32],
        mode: Mode::Instant,
    }
}

/// Any draw within the limits, of which several fit into one request.
fn any_draw() -> impl Strategy<Value = draw::Draw> {
    use draw::Draw;
    let count = 1..300_u32;
    prop_oneof![
        count.clone().prop_map(|count| Draw::Bytes { count }),
        (any::<u64>(), any::<u64>(), count.clone()).prop_map(|(a, b, count)| Draw::Integers {
            min: a.min(b),
            max: a.max(b),
            count
        }),
        count.clone().prop_map(|count| Draw::Floats { count }),
        (count.clone(), 1..=u32::MAX).prop_map(|(count, sides)| Draw::Dice { count, sides }),
        count.clone().prop_map(|n| Draw::Shuffle { n }),
        (count.clone(), any::<u32>()).prop_map(|(k, n)| Draw::Sample { n: n.max(k), k }),
        (prop::collection::vec(0..=u64::from(u32::MAX), 1..20), count.clone()).prop_map(
            |(mut weights, count)| {
                weights.push(1);
                Draw::Weighted { weights, count }
            }
        ),
        (count.clone(), 1..20_u32).prop_map(|(length, count)| Draw::Passwords {
            length,
            charset: "abcdefghij-_.!".into(),
            count
        }),
        count.prop_map(|count| Draw::Uuids { count }),
    ]
}
