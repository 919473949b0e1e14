//! What an audience would answer to a question with options, and how sure that is.

use crate::{
    bank::{Item, Kind, softmax},
    engine::Engine,
    panel::{Panel, Persona},
    scale::{Role, is_of_amounts, norm},
    similar::topic,
};

/// From here on an item is taken to ask the same: wordings of one question are mostly nearer than this, other questions of the
/// same survey mostly not.
const SAME: f32 = 0.72;
/// From here on an item's levels and differences are carried over whole.
const NEAR: f32 = 0.62;
/// Below this nothing in the bank says anything about the question.
const UNRELATED: f32 = 0.32;
/// How fast an item's say fades with similarity below the best match's.
const FADE: f32 = 0.05;

/// What a question leans on: items with their weight and direction.
pub(crate) struct Basis<'a> {
    items: Vec<(&'a Item, f32, f32)>,
    panel: &'a Panel,
    pub(crate) similarity: f32,
    /// From 0 (nothing known) to 1: how much of the items' levels and differences is carried over.
    reliance: f32,
    /// How people answer on such a scale in general, as a logit.
    centre: f32,
    /// What the scale adds to items that were asked on another one.
    lift: f32,
}

impl<'a> Basis<'a> {
    pub(crate) fn find(engine: &'a Engine, text: &str) -> Self {
        let Engine { panel, items, matcher, .. } = engine;
        let mut scored: Vec<(f32, &Item)> =
            matcher.similarities(&matcher.read(text)).into_iter().zip(items).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        // Words overlap less than meanings do.
        let stretch = if matcher.by_meaning() { 1.0 } else { 1.5 };
        let best = scored.first().map_or(0.0, |(similarity, _)| (similarity * stretch).min(1.0));
        let side = stance(text);
        let close = scored.iter().take(6).filter(|(similarity, _)| similarity * stretch > UNRELATED);
        let mut weighed: Vec<_> = close
            .map(|(similarity, item)| {
                let surplus = if item.kind == Kind::Survey { 0.03 } else { 0.0 };
                (*item, ((similarity * stretch - best + surplus) / FADE).exp(), side * stance(&item.text))
            })
            .collect();
        let total: f32 = weighed.iter().map(|(_, weight, _)| weight).sum();
        weighed.iter_mut().for_each(|(_, weight, _)| *weight /= total);
        let reliance = ((best - UNRELATED) / (NEAR - UNRELATED)).clamp(0.0, 1.0);
        Self { items: weighed, panel, similarity: best, reliance, centre: norm(&[]), lift: 0.0 }
    }

    /// Asked with these options.
    pub(crate) fn on(mut self, options: &[String]) -> Self {
        self.centre = norm(options);
        let same_scale = |item: &Item| item.options.iter().any(|option| option.label == "too little");
        if is_of_amounts(options) && !self.main().is_some_and(same_scale) {
            self.lift = 0.5;
        }
        self
    }

    /// The item that says most.
    pub(crate) fn main(&self) -> Option<&'a Item> {
        self.items.first().map(|(item, ..)| *item)
    }

    /// Whether the main item asks the same.
    pub(crate) fn asks_the_same(&self) -> bool {
        self.similarity >= SAME && self.main().is_some()
    }

    /// A person's leaning towards the proposition, as a logit: the items' as far as they are near, else the centre.
    pub(crate) fn leaning(&self, persona: &Persona) -> f32 {
        let lean: f32 = self
            .items
            .iter()
            .map(|(item, weight, side)| weight * side * item.leanings(self.panel)[persona.index])
            .sum();
        (lean + self.lift) * self.reliance + self.centre * (1.0 - self.reliance)
    }

    /// Everybody's.
    pub(crate) fn leanings(&self, people: &[&Persona]) -> Vec<f32> {
        people.iter().map(|persona| self.leaning(persona)).collect()
    }

    /// The main item's own shares, where it asks the same with as many options in the same sense.
    fn direct(&self, places: &[f32]) -> Option<(&'a Item, Vec<usize>)> {
        let (item, weight, side) = self.items.first()?;
        if !self.asks_the_same() || *weight < 0.5 || *side < 0.0 || item.options.len() != places.len() {
            return None;
        }
        let at = |place: &f32| item.options.iter().position(|option| (option.at - place).abs() < 0.01);
        Some((item, places.iter().map(at).collect::<Option<_>>()?))
    }
}

/// Shares of the options for every person.
pub(crate) fn shares(basis: &Basis<'_>, people: &[&Persona], roles: &[Role]) -> Vec<Vec<f32>> {
    let places: Vec<f32> = roles
        .iter()
        .filter_map(|role| if let Role::At(place) = role { Some(*place) } else { None })
        .collect();
    let unsure = roles.iter().filter(|role| **role == Role::Unsure).count();
    let held_back = if unsure == 0 { 0.0 } else { 0.07 };
    let sure: Vec<Vec<f32>> = match basis.direct(&places) {
        Some((item, order)) => people.iter().map(|p| pick(&item.shares(p), &order)).collect(),
        None => basis.leanings(people).into_iter().map(|lean| on_scale(lean, &places)).collect(),
    };
    let full = |shares: Vec<f32>| {
        let mut shares = shares.into_iter();
        let share = |role: &Role| match role {
            Role::Unsure => held_back / unsure as f32,
            _ => shares.next().unwrap_or_default() * (1.0 - held_back),
        };
        roles.iter().map(share).collect()
    };
    sure.into_iter().map(full).collect()
}

fn pick(shares: &[f32], order: &[usize]) -> Vec<f32> {
    order.iter().map(|at| shares.get(*at).copied().unwrap_or_default()).collect()
}

/// An ordered logit: places cut the line of leanings into parts that are equally likely for who leans to neither side.
pub(crate) fn on_scale(lean: f32, places: &[f32]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let count = places.len() as f32;
    let cut = |below: f32| 1.2 * (below / (count - below)).ln();
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
            0.0 => Basis::find(engine, &format!("{} {name}", topic(question))).leanings(people),
            lean => people.iter().map(|p| lean * (1.6 * p.features[13] + 0.8 * p.features[15])).collect(),
        })
        .collect();
    (0..people.len()).map(|i| softmax(leanings.iter().map(|of| of[i] * 0.6).collect())).collect()
}

/// Whether a name belongs to a side of American politics.
fn partisan(name: &str) -> f32 {
    let name = name.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let left = any(&["democrat", "biden", "harris", "obama", "clinton", "liberal", "msnbc", "cnn"]);
    let right = any(&["republican", "trump", "vance", "conservative", "fox news", "gop", "newsmax"]);
    f32::from(u8::from(right)) - f32::from(u8::from(left))
}

/// Whether a text asks for something (1) or for its opposite (-1). To end a ban is to ask for something again.
pub(crate) fn stance(text: &str) -> f32 {
    const BANS: [&str; 12] = [
        "ban",
        "bans",
        "banning",
        "prohibit",
        "prohibits",
        "prohibiting",
        "restrict",
        "restricting",
        "deny",
        "denying",
        "limit",
        "limiting",
    ];
    const ENDS: [&str; 26] = [
        "eliminate",
        "eliminating",
        "repeal",
        "repealing",
        "reduce",
        "reducing",
        "decrease",
        "decreasing",
        "cut",
        "cutting",
        "withhold",
        "harder",
        "abolish",
        "stop",
        "stopping",
        "defund",
        "fewer",
        "withdraw",
        "oppose",
        "weaken",
        "lift",
        "overturn",
        "reject",
        "deport",
        "expel",
        "against",
    ];
    let text = topic(text);
    let any = |words: &[&str]| text.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word));
    if any(&BANS) == any(&ENDS) { 1.0 } else { -1.0 }
}

#[cfg(test)]
mod tests {
    use super::on_scale;

    #[test]
    fn who_leans_more_answers_higher_and_shares_are_whole() {
        let places = [1.0, 0.5, 0.0, -0.5, -1.0];
        let (low, high) = (on_scale(-1.0, &places), on_scale(1.0, &places));
        assert!((low.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(high[0] > low[0] && high[4] < low[4]);
        assert!((on_scale(0.7, &[-1.0, 1.0])[1] - 0.668).abs() < 0.001);
    }
}
