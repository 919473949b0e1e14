//! Shares of options, and the chance that picks among them.

use sha2::{Digest, Sha256};

use crate::{
    request::{Asked, Kind},
    scale::{self, Role},
};

pub(crate) fn mean_shares(all: &[Vec<f32>]) -> Vec<f32> {
    let mut mean = vec![0.0; all.first().map_or(0, Vec::len)];
    for shares in all {
        mean.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
    }
    mean.iter_mut().for_each(|sum| *sum /= all.len().max(1) as f32);
    mean
}

pub(crate) fn mean(asked: &Asked, shares: &[f32]) -> Option<f64> {
    let places = scale::roles(&asked.options);
    let ordered = places.iter().all(|role| matches!(role, Role::At(_)))
        && !places.is_empty()
        && asked.kind != Kind::MultipleChoice;
    let value =
        |(at, option): (usize, &String)| option.trim_start_matches('$').parse().unwrap_or(at as f64 + 1.0);
    let values = asked.options.iter().enumerate().map(value);
    ordered.then(|| round3(values.zip(shares).map(|(value, share)| value * f64::from(*share)).sum()))
}

/// The option that a draw falls on, when they are laid out in this order.
pub(crate) fn pick(shares: &[f32], order: &[usize], draw: f32) -> Option<usize> {
    let mut sum = 0.0;
    let found = order.iter().find(|at| {
        sum += shares.get(**at).copied().unwrap_or_default();
        draw < sum
    });
    found.or(order.last()).copied().filter(|at| *at < shares.len())
}

/// A number in [0, 1) that depends on what it is for, and on nothing else.
pub(crate) fn chance(numbers: &[u64], text: &str) -> f32 {
    let mut hash = Sha256::new();
    numbers.iter().for_each(|number| hash.update(number.to_le_bytes()));
    hash.update(text);
    let digest = hash.finalize();
    f32::from(u16::from_le_bytes([digest[0], digest[1]])) / 65536.0
}

pub(crate) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

pub(crate) fn rounded(share: f32) -> f64 {
    (f64::from(share) * 10_000.0).round() / 10_000.0
}

pub(crate) fn round3(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
