//! How liking a thing and its price make an intent.

use crate::{
    estimate::{self, Basis},
    panel::Persona,
    request::FullConcept,
    scale::Role,
    share::logistic,
};

/// How far apart degrees of wanting are.
const WIDTH: f32 = 1.2;

/// How much a price deters: the more, the higher it is and the less the household has. Never the other way round.
fn deterred(persona: &Persona, price: f64) -> f32 {
    let reference = 30.0 * (1.0 + persona.income as f64);
    0.9 * (price / reference).ln_1p() as f32
}

pub(crate) fn intents(
    basis: &Basis<'_>,
    people: &[&Persona],
    concept: Option<&FullConcept>,
    roles: &[Role],
) -> Vec<Vec<f32>> {
    let places: Vec<f32> =
        roles.iter().map(|role| if let Role::At(place) = role { *place } else { 0.0 }).collect();
    let price =
        concept.and_then(|concept| concept.price.map(|price| price * periods(concept.per.as_deref())));
    let leanings = basis.leanings(people);
    let mean = leanings.iter().sum::<f32>() / leanings.len().max(1) as f32;
    let intent = |(persona, lean): (&&Persona, f32)| {
        let cost = price.map_or(0.35, |price| deterred(persona, price));
        let interest = 0.5 * mean.clamp(-1.0, 1.0) + 0.6 * (lean - mean);
        estimate::on_scale(interest + 0.15 - cost, &places, WIDTH)
    };
    people.iter().zip(leanings).map(intent).collect()
}

/// A monthly price is felt as half a year of it, a weekly one as two months.
fn periods(per: Option<&str>) -> f64 {
    match per.map(str::to_lowercase).as_deref() {
        Some("month" | "monthly" | "mo") => 6.0,
        Some("week" | "weekly") => 8.0,
        _ => 1.0,
    }
}

/// The most that each would pay, of the prices offered.
pub(crate) fn prices(basis: &Basis<'_>, people: &[&Persona], options: &[String]) -> Vec<Vec<f32>> {
    let price = |option: &String| {
        option.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect::<String>().parse().unwrap_or(0.0)
    };
    let prices: Vec<f64> = options.iter().map(price).collect();
    let mut order: Vec<usize> = (0..prices.len()).collect();
    order.sort_by(|a, b| prices[*a].total_cmp(&prices[*b]));
    let leanings = basis.leanings(people);
    let mean = leanings.iter().sum::<f32>() / leanings.len().max(1) as f32;
    let shares = |(persona, lean): (&&Persona, f32)| {
        let pays: Vec<f32> = order
            .iter()
            .map(|at| logistic(1.0 + 0.6 * (lean - mean) - 2.2 * deterred(persona, prices[*at])))
            .collect();
        let mut shares = vec![0.0; prices.len()];
        for (rank, at) in order.iter().enumerate() {
            let below = if rank == 0 { 1.0 } else { pays[rank] };
            shares[*at] = below - pays.get(rank + 1).copied().unwrap_or(0.0);
        }
        shares
    };
    people.iter().zip(leanings).map(shares).collect()
}
