use std::collections::BTreeSet;

use draw::{Beta, Draw, DrawRequest, SecretKey, Values, expand};
use proptest::prelude::*;

use crate::any_draw;

fn beta(seed: u8) -> Beta {
    SecretKey::from_seed(&[seed; 32]).prove(b"alpha").unwrap().1
}

fn draw(draw: Draw) -> Values {
    draw_with(&beta(1), draw)
}

fn draw_with(beta: &Beta, draw: Draw) -> Values {
    expand(beta, &DrawRequest::single(draw).unwrap()).remove(0)
}

/// Whether values are what the draw may yield.
fn fits(draw: &Draw, values: &Values) -> bool {
    match (draw, values) {
        (Draw::Bytes { count }, Values::Bytes(bytes)) => bytes.len() == *count as usize,
        (Draw::Integers { min, max, count }, Values::Integers(values)) => {
            values.len() == *count as usize && values.iter().all(|value| (min..=max).contains(&value))
        }
        (Draw::Floats { count }, Values::Floats(values)) => {
            let whole = |value: &f64| (value * 2_f64.powi(53)).fract() == 0.0;
            values.len() == *count as usize
                && values.iter().all(|value| (0.0..1.0).contains(value) && whole(value))
        }
        (Draw::Dice { count, sides }, Values::Dice(values)) => {
            values.len() == *count as usize && values.iter().all(|value| (1..=*sides).contains(value))
        }
        (Draw::Shuffle { n }, Values::Shuffle(values)) => {
            let mut sorted = values.clone();
            sorted.sort_unstable();
            sorted == (0..*n).collect::<Vec<_>>()
        }
        (Draw::Sample { n, k }, Values::Sample(values)) => {
            let distinct: BTreeSet<_> = values.iter().collect();
            values.len() == *k as usize
                && distinct.len() == values.len()
                && values.iter().all(|value| value < n)
        }
        (Draw::Weighted { weights, count }, Values::Weighted(values)) => {
            values.len() == *count as usize && values.iter().all(|index| weights[*index] > 0)
        }
        (Draw::Passwords { length, charset, count }, Values::Passwords(values)) => {
            let fits =
                |word: &String| word.len() == *length as usize && word.chars().all(|c| charset.contains(c));
            values.len() == *count as usize && values.iter().all(fits)
        }
        (Draw::Uuids { count }, Values::Uuids(values)) => {
            values.len() == *count as usize && values.iter().all(|uuid| is_uuid_v4(&uuid.to_string()))
        }
        _ => false,
    }
}

fn is_uuid_v4(uuid: &str) -> bool {
    let bytes = uuid.as_bytes();
    let hyphens = [8, 13, 18, 23].iter().all(|place| bytes[*place] == b'-');
    bytes.len() == 36 && hyphens && bytes[14] == b'4' && b"89ab".contains(&bytes[19])
}

proptest! {
    #[test]
    fn values_are_what_was_asked_for(seed: u8, draw in any_draw()) {
        let values = draw_with(&beta(seed), draw.clone());
        prop_assert!(fits(&draw, &values), "{values:?}");
    }

    /// A sample is the head of the shuffle that swaps from the front, here made in the plain way.
    #[test]
    fn a_sample_is_a_partial_shuffle(n in 1..200_u32, k in 1..200_u32) {
        let k = k.min(n);
        let Values::Sample(all) = draw(Draw::Sample { n, k: n }) else { unreachable!() };
        let Values::Sample(some) = draw(Draw::Sample { n, k }) else { unreachable!() };
        prop_assert_eq!(&all[..k as usize], &some);
    }
}

#[test]
fn draws_of_one_request_have_streams_of_their_own() {
    let request = DrawRequest::new(vec![Draw::DEFAULT, Draw::DEFAULT], None, None).unwrap();
    let values = expand(&beta(1), &request);
    assert_ne!(values[0], values[1]);
    assert_eq!(values[0], draw(Draw::DEFAULT));
}

#[test]
fn more_bytes_continue_fewer() {
    let Values::Bytes(long) = draw(Draw::Bytes { count: 100 }) else { unreachable!() };
    let Values::Bytes(short) = draw(Draw::Bytes { count: 37 }) else { unreachable!() };
    assert_eq!(long[..37], short);
}

#[test]
fn a_single_choice_is_that_choice() {
    assert_eq!(draw(Draw::Integers { min: 7, max: 7, count: 2 }), Values::Integers(vec![7, 7]));
    assert_eq!(draw(Draw::Dice { count: 1, sides: 1 }), Values::Dice(vec![1]));
    assert_eq!(draw(Draw::Shuffle { n: 1 }), Values::Shuffle(vec![0]));
    assert_eq!(draw(Draw::Weighted { weights: vec![0, 9, 0], count: 1 }), Values::Weighted(vec![1]));
}

/// Every face, index and order comes up about as often as it should. The draw is fixed, so the outcome is too.
#[test]
fn values_are_spread_as_they_should_be() {
    let near = |share: usize, expected: usize| share.abs_diff(expected) < expected / 20;

    let Values::Dice(faces) = draw(Draw::Dice { count: 60_000, sides: 6 }) else { unreachable!() };
    for face in 1..=6 {
        assert!(near(faces.iter().filter(|value| **value == face).count(), 10_000), "face {face}");
    }

    let weights = vec![1, 0, 2, 3];
    let Values::Weighted(indices) = draw(Draw::Weighted { weights: weights.clone(), count: 60_000 }) else {
        unreachable!()
    };
    for (index, expected) in [(0, 10_000), (2, 20_000), (3, 30_000)] {
        assert!(near(indices.iter().filter(|value| **value == index).count(), expected), "{index}");
    }

    for which in [Draw::Shuffle { n: 3 }, Draw::Sample { n: 3, k: 3 }] {
        let mut orders = std::collections::BTreeMap::<_, usize>::new();
        let (_, mut beta) = SecretKey::from_seed(&[2; 32]).prove(b"start").unwrap();
        for _ in 0..100 {
            let request = DrawRequest::new(vec![which.clone(); 60], None, None).unwrap();
            for values in expand(&beta, &request) {
                *orders.entry(values.texts()).or_default() += 1;
            }
            beta = SecretKey::from_seed(&[2; 32]).prove(beta.as_bytes()).unwrap().1;
        }
        assert_eq!(orders.len(), 6);
        assert!(orders.values().all(|times| times.abs_diff(1000) < 150), "{orders:?}");
    }
}
