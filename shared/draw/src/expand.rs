//! From the output of the VRF to the values of a request.
//!
//! Value-stable: what a given beta and request yield is specified, and no later version of this or another crate may
//! change it. Each draw of a request has a stream of its own: ChaCha20 (RFC 8439) with nonce 0 and counter from 0,
//! under HKDF-SHA512(beta, info = `rng/v1/stream` and the draw's index in 4 big-endian bytes, 32 bytes). A word is 8
//! bytes of it, little-endian. `uniform(n)`, with n from 1 to 2^64, takes words until one is below the greatest
//! multiple of n that is at most 2^64, and yields that word modulo n.
//!
//! | op | values |
//! |---|---|
//! | bytes | the keystream |
//! | integers | min + uniform(max - min + 1) |
//! | floats | the top 53 bits of a word, times 2^-53 |
//! | dice | 1 + uniform(sides) |
//! | shuffle | 0 to n - 1, with i and uniform(i + 1) swapped for i from n - 1 down to 1 |
//! | sample | 0 to n - 1, with i and i + uniform(n - i) swapped for i from 0 to k - 1; the first k |
//! | weighted | the first index at which the sum of weights so far is above uniform(sum of all) |
//! | passwords | for each character, the one at uniform(characters of the charset) in the charset |
//! | uuids | 16 bytes of keystream each, with version 4 and variant 10 set (RFC 9562 section 5.4) |

use std::collections::BTreeMap;

use crate::stream::Stream;
use crate::values::Uuid;
use crate::{Beta, Draw, DrawRequest, Values};

/// The values of each draw of a request, in order.
pub fn expand(beta: &Beta, request: &DrawRequest) -> Vec<Values> {
    let draws = request.draws().iter().zip(0..);
    draws.map(|(draw, index)| values(draw, &mut Stream::new(beta, index))).collect()
}

fn values(draw: &Draw, stream: &mut Stream) -> Values {
    match *draw {
        Draw::Bytes { count } => Values::Bytes(bytes(stream, count)),
        Draw::Integers { min, max, count } => {
            Values::Integers(times(count, || min + stream.up_to(max - min)))
        }
        Draw::Floats { count } => Values::Floats(times(count, || float(stream))),
        Draw::Dice { count, sides } => Values::Dice(times(count, || 1 + below(stream, sides))),
        Draw::Shuffle { n } => Values::Shuffle(shuffle(stream, n)),
        Draw::Sample { n, k } => Values::Sample(sample(stream, n, k)),
        Draw::Weighted { ref weights, count } => Values::Weighted(weighted(stream, weights, count)),
        Draw::Passwords { length, ref charset, count } => {
            Values::Passwords(times(count, || password(stream, charset.as_bytes(), length)))
        }
        Draw::Uuids { count } => Values::Uuids(times(count, || uuid(stream))),
    }
}

fn times<T>(count: u32, value: impl FnMut() -> T) -> Vec<T> {
    std::iter::repeat_with(value).take(count as usize).collect()
}

fn bytes(stream: &mut Stream, count: u32) -> Vec<u8> {
    let mut bytes = vec![0; count as usize];
    stream.fill(&mut bytes);
    bytes
}

#[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
fn float(stream: &mut Stream) -> f64 {
    const ULP: f64 = 1.0 / (1_u64 << 53) as f64;
    (stream.word() >> 11) as f64 * ULP
}

/// `uniform(n)` for n of at least 1.
#[expect(clippy::cast_possible_truncation, reason = "the result is below n")]
fn below(stream: &mut Stream, n: u32) -> u32 {
    stream.up_to(u64::from(n) - 1) as u32
}

fn shuffle(stream: &mut Stream, n: u32) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..n).collect();
    for i in (1..n).rev() {
        let j = below(stream, i + 1);
        numbers.swap(i as usize, j as usize);
    }
    numbers
}

/// Only the places that were swapped are kept, so that a few out of billions cost a few.
fn sample(stream: &mut Stream, n: u32, k: u32) -> Vec<u32> {
    let mut swapped = BTreeMap::new();
    let mut draw = |i: u32| {
        let j = i + below(stream, n - i);
        let at_i = swapped.get(&i).copied().unwrap_or(i);
        swapped.insert(j, at_i).unwrap_or(j)
    };
    (0..k).map(&mut draw).collect()
}

fn weighted(stream: &mut Stream, weights: &[u64], count: u32) -> Vec<usize> {
    let sums: Vec<u64> = weights
        .iter()
        .scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect();
    let last = weights.iter().sum::<u64>() - 1;
    times(count, || {
        let point = stream.up_to(last);
        sums.partition_point(|sum| *sum <= point)
    })
}

#[expect(clippy::cast_possible_truncation, reason = "the result is an index into the charset")]
fn password(stream: &mut Stream, charset: &[u8], length: u32) -> String {
    let last = charset.len() as u64 - 1;
    (0..length).map(|_| char::from(charset[stream.up_to(last) as usize])).collect()
}

fn uuid(stream: &mut Stream) -> Uuid {
    let mut bytes = [0; 16];
    stream.fill(&mut bytes);
    Uuid::version_4(bytes)
}
