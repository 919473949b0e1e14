//! What an audience would answer to a question with options, and how sure that is.

use clap::Args;

use crate::{
    bank::{Item, Kind, softmax},
    engine::Engine,
    panel::{
        FEATURES, Panel, Persona,
        feature::{IDEOLOGY, PARTY},
    },
    scale::{self, Role, is_of_amounts, norm},
    similar::topic,
    stance::{partisan, stance},
};

/// From here on an item is taken to ask the same: wordings of one question are mostly nearer than this, other questions of the
/// same survey mostly not.
const SAME: f32 = 0.72;

/// How the say of an item depends on its similarity. Chosen by `data/choose.py`, which tries others, each survey judged by the rest.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Fading {
    /// How fast it fades below the best match's.
    #[arg(long, hide = true, default_value_t = Self::CHOSEN.fade)]
    pub(crate) fade: f32,
    /// From here on items' levels are carried over whole.
    #[arg(long, hide = true, default_value_t = Self::CHOSEN.near)]
    pub(crate) near: f32,
    /// Below this they say nothing.
    #[arg(long, hide = true, default_value_t = Self::CHOSEN.unrelated)]
    pub(crate) unrelated: f32,
    /// How many more items, without differences between people, a question that nothing is like would be taken to have.
    #[arg(long, hide = true, default_value_t = Self::CHOSEN.doubt)]
    pub(crate) doubt: f32,
}

impl Fading {
    pub(crate) const CHOSEN: Self = Self { fade: 0.055, near: 0.62, unrelated: 0.32, doubt: 3.0 };
}

/// What a side of politics likes better than the other: slopes of party and ideology.
const PARTISAN: [(usize, f32); 2] = [(PARTY, 1.6), (IDEOLOGY, 0.8)];

/// What a question leans on: every item as far as it is near, as one line in the features of a person.
pub(crate) struct Basis<'a> {
    panel: &'a Panel,
    main: Option<&'a Item>,
    /// The main item's places in the order of the options, where it asks the same of as many.
    direct: Option<Vec<usize>>,
    pub(crate) similarity: f32,
    /// The leaning of the panel's mean as a logit, then what each feature adds.
    line: [f32; FEATURES],
    /// How far apart the options are.
    width: f32,
}

/// Items with their weight, the nearest first.
type Weighed<'a> = [(&'a Item, f32)];

impl<'a> Basis<'a> {
    /// For a question with these options, or none.
    pub(crate) fn find(engine: &'a Engine, text: &str, options: &[String]) -> Self {
        let Engine { panel, items, matcher, fading, .. } = engine;
        // Words overlap less than meanings do.
        let stretch = if matcher.by_meaning() { 1.0 } else { 1.5 };
        let similarities =
            matcher.similarities(&matcher.read(text)).into_iter().map(|s| (s * stretch).min(1.0));
        let mut scored: Vec<_> =
            similarities.zip(items).filter(|(similarity, _)| *similarity > 0.0).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let best = scored.first().map_or(0.0, |(similarity, _)| *similarity);
        let weight = |similarity: f32| ((similarity - best) / fading.fade).exp();
        let weighed: Vec<_> = scored.iter().map(|(similarity, item)| (*item, weight(*similarity))).collect();
        let side = stance(text);
        let places = places(&scale::roles(options));
        // Of items with the same scale, siblings in one survey mostly, one asks the same only if it stands out.
        let on_scale = weighed
            .iter()
            .filter_map(|(item, weight)| Some((*item, *weight, item.at_places(&places, side)?)));
        let rivals: f32 = on_scale.clone().map(|(_, weight, _)| weight).sum();
        let stands_out = |weight: f32| weight >= rivals / 2.0 && best + fading.fade * weight.ln() >= SAME;
        let direct = on_scale.take(1).find(|(_, weight, _)| stands_out(*weight));
        let main = direct.as_ref().map(|(item, ..)| *item).or(scored.first().map(|(_, item)| *item));
        let mut line = blend(&weighed, side, partisan(text), fading.doubt * (1.0 - best));
        let reliance = ((best - fading.unrelated) / (fading.near - fading.unrelated)).clamp(0.0, 1.0);
        let norm = norm(options);
        // People answer that something is too little more often than they support an increase of it.
        let lift = if is_of_amounts(options) && !main.is_some_and(Item::is_of_amounts) { 0.5 } else { 0.0 };
        line[0] = (line[0] + lift) * reliance + norm.centre * (1.0 - reliance);
        let width = width(&weighed, places.len(), norm.width);
        Self { panel, main, direct: direct.map(|(.., order)| order), similarity: best, line, width }
    }

    /// The item that says most.
    pub(crate) const fn main(&self) -> Option<&'a Item> {
        self.main
    }

    /// Whether the main item asks the same.
    pub(crate) fn asks_the_same(&self) -> bool {
        self.similarity >= SAME && self.main.is_some()
    }

    /// A person's leaning towards the proposition, as a logit.
    pub(crate) fn leaning(&self, persona: &Persona) -> f32 {
        self.line[0] + self.apart(persona, |_| true)
    }

    /// Everybody's.
    pub(crate) fn leanings(&self, people: &[&Persona]) -> Vec<f32> {
        people.iter().map(|persona| self.leaning(persona)).collect()
    }

    /// What some features add for a person, beside the panel's mean.
    fn apart(&self, persona: &Persona, of: impl Fn(usize) -> bool) -> f32 {
        let added = |at: usize| self.line[at] * (persona.features[at] - self.panel.mean[at]);
        (1..FEATURES).filter(|at| of(*at)).map(added).sum()
    }

    /// Shares of the options that have a place. Of the main item's own, where it asks the same; what its survey did not know of
    /// people moves them as it moves near items.
    fn shares(&self, persona: &Persona, places: &[f32]) -> Vec<f32> {
        match (self.main, &self.direct) {
            (Some(item), Some(order)) => {
                let shares = item.shares(persona, self.apart(persona, |at| !item.known[at]));
                order.iter().map(|at| shares.get(*at).copied().unwrap_or_default()).collect()
            }
            _ => on_scale(self.leaning(persona), places, self.width),
        }
    }
}

/// The items' lines in one: the mean of what each says of the level, and of every feature that it knows.
fn blend(weighed: &Weighed<'_>, side: f32, party: f32, doubt: f32) -> [f32; FEATURES] {
    std::array::from_fn(|at| {
        let partisan = PARTISAN.iter().find(|(feature, _)| *feature == at).map_or(0.0, |(_, slope)| *slope);
        let (mut said, mut known) = (0.0, if at == 0 { f32::MIN_POSITIVE } else { doubt });
        for (item, weight) in weighed.iter().filter(|(item, _)| item.known[at]) {
            said += weight * item.side * (item.leaning[at] - item.party * partisan);
            known += weight;
        }
        side * (said / known.max(f32::MIN_POSITIVE) + party * partisan)
    })
}

/// How far apart so many options are, by near items with as many and by such scales in general.
fn width(weighed: &Weighed<'_>, options: usize, norm: f32) -> f32 {
    let alike = weighed.iter().filter(|(item, _)| item.kind == Kind::Survey && item.options.len() == options);
    let (said, known) = alike.fold((0.5 * norm.ln(), 0.5), |(said, known), (item, weight)| {
        (said + weight * item.width.ln(), known + weight)
    });
    (said / known).exp()
}

fn places(roles: &[Role]) -> Vec<f32> {
    roles.iter().filter_map(|role| if let Role::At(place) = role { Some(*place) } else { None }).collect()
}

/// Shares of the options for every person.
pub(crate) fn shares(basis: &Basis<'_>, people: &[&Persona], roles: &[Role]) -> Vec<Vec<f32>> {
    let places = places(roles);
    let unsure = roles.iter().filter(|role| **role == Role::Unsure).count();
    let held_back = if unsure == 0 { 0.0 } else { 0.07 };
    let full = |persona: &&Persona| {
        let mut shares = basis.shares(persona, &places).into_iter();
        let share = |role: &Role| match role {
            Role::Unsure => held_back / unsure as f32,
            _ => shares.next().unwrap_or_default() * (1.0 - held_back),
        };
        roles.iter().map(share).collect()
    };
    people.iter().map(full).collect()
}

/// An ordered logit: at a width of 1, places cut the line of leanings into parts that are equally likely for who leans to neither
/// side; the wider, the more of them are in the middle.
pub(crate) fn on_scale(lean: f32, places: &[f32], width: f32) -> Vec<f32> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let count = places.len() as f32;
    let cut = |below: f32| width * (below / (count - below)).ln();
    let up_to = |below: usize| match below {
        0 => 0.0,
        all if all == places.len() => 1.0,
        some => 1.0 / (1.0 + (lean - cut(some as f32)).exp()),
    };
    let mut shares = vec![0.0; places.len()];
    for (rank, at) in order.into_iter().enumerate() {
        shares[at] = up_to(rank + 1) - up_to(rank);
    }
    shares
}

/// Shares of names without an order: each is a statement of its own, as likely as the audience leans towards it.
pub(crate) fn named(engine: &Engine, people: &[&Persona], question: &str, names: &[String]) -> Vec<Vec<f32>> {
    let leanings: Vec<Vec<f32>> = names
        .iter()
        .map(|name| match partisan(name) {
            0.0 => Basis::find(engine, &format!("{} {name}", topic(question)), &[]).leanings(people),
            side => {
                let lean =
                    |p: &&Persona| PARTISAN.map(|(at, slope)| side * slope * p.features[at]).iter().sum();
                people.iter().map(lean).collect()
            }
        })
        .collect();
    (0..people.len()).map(|i| softmax(leanings.iter().map(|of| of[i] * 0.6).collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::on_scale;

    #[test]
    fn who_leans_more_answers_higher_and_shares_are_whole() {
        let places = [1.0, 0.5, 0.0, -0.5, -1.0];
        let (low, high) = (on_scale(-1.0, &places, 1.2), on_scale(1.0, &places, 1.2));
        assert!((low.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(high[0] > low[0] && high[4] < low[4]);
        assert!((on_scale(0.7, &[-1.0, 1.0], 0.4)[1] - 0.668).abs() < 0.001);
    }
}
