//! An answer put together: the shares told, and the personas that speak for them.

use std::collections::HashMap;

use crate::{
    answer::{Answer, Labelled, NOTE, PersonaAnswer, Provenance, Speaker, Words},
    bank::Kind as ItemKind,
    cache::prompt_hash,
    compose::{self, Voice, about_a_thing},
    engine::{Admitted, Engine},
    numbers::Estimate,
    panel::{self, Persona},
    request::{FullConcept, Kind, Mode, Query},
    scale::{Role, plain},
    session::{Recall, Session},
    share::{chance, logistic, mean, mean_shares, pick, rounded},
    stance::stance,
};

impl Engine {
    pub(crate) fn tell(
        &self,
        query: &Query,
        admitted: Admitted<'_>,
        estimate: &Estimate<'_>,
        flags: Vec<String>,
    ) -> Answer {
        let shares = mean_shares(&estimate.shares);
        let recall = query.session.as_ref().map(|session| session.recall(&self.matcher, &admitted.asked));
        let recall = recall.unwrap_or_default();
        let answers = self.voices(query, &admitted, estimate, &recall);
        let Admitted { asked, people, .. } = admitted;
        let session = (asked.mode == Mode::Interview).then(|| {
            let begun = || Session { audience: query.audience.clone(), turns: Vec::new() };
            query.session.clone().unwrap_or_else(begun).with(&asked, &answers)
        });
        let labelled = |values: Vec<f64>| Labelled(asked.options.iter().cloned().zip(values).collect());
        let numbers = !asked.options.is_empty();
        Answer {
            mode: asked.mode,
            kind: asked.kind,
            n: asked.n,
            effective_n: people.len(),
            themes: compose::themes(&answers),
            contradictions: recall.contradictions(&asked, &answers),
            answers,
            distribution: numbers.then(|| labelled(shares.iter().map(|share| rounded(*share)).collect())),
            interval: numbers
                .then(|| Labelled(asked.options.iter().cloned().zip(estimate.intervals(&shares)).collect())),
            mean: mean(&asked, &shares),
            calibration: estimate.calibration(),
            provenance: self.provenance(query),
            flags,
            session,
            note: NOTE,
            question: asked.text,
        }
    }

    fn provenance(&self, query: &Query) -> Provenance {
        let compared_by = if self.matcher.by_meaning() { "all-MiniLM-L6-v2" } else { "words" };
        Provenance {
            backend: "grounded",
            model: format!("{} {compared_by}", env!("CARGO_PKG_VERSION")),
            prompt_hash: prompt_hash(query),
            panel_version: panel::VERSION,
            seed: query.seed,
            words: Words::composed(),
        }
    }

    fn voices(
        &self,
        query: &Query,
        admitted: &Admitted<'_>,
        estimate: &Estimate<'_>,
        recall: &Recall<'_>,
    ) -> Vec<PersonaAnswer> {
        let topic = Topic::of(admitted, estimate);
        let voice = |at: usize| voice(admitted, estimate, &topic, recall, at);
        speakers(query, admitted).into_iter().map(voice).collect()
    }
}

/// Who speaks, as places among the people: those of the interview, or as many as asked, drawn by the seed.
fn speakers(query: &Query, admitted: &Admitted<'_>) -> Vec<usize> {
    let people = &admitted.people;
    if let Some(session) = &query.session {
        let places: HashMap<String, usize> =
            people.iter().enumerate().map(|(at, persona)| (persona.id(), at)).collect();
        return session.personas().filter_map(|persona| places.get(persona).copied()).collect();
    }
    let mut order: Vec<usize> = (0..people.len()).collect();
    order.sort_by_cached_key(|at| chance(&[query.seed, people[*at].index as u64], "who").to_bits());
    order.truncate(admitted.asked.n as usize);
    order
}

/// What a persona's mind is made up about: however a question on it is worded, priced or ordered, the same persona draws the same.
struct Topic {
    name: String,
    /// Whether the question asks for the topic's opposite.
    opposite: bool,
    /// What a leaning towards it is towards, in the bank's words.
    proposition: Option<String>,
}

impl Topic {
    /// An item this near is what the question is about.
    const NEAR: f32 = 0.5;

    fn of(admitted: &Admitted<'_>, estimate: &Estimate<'_>) -> Self {
        let asked = &admitted.asked;
        if about_a_thing(asked) {
            let name = asked.concept.as_ref().map(FullConcept::words).unwrap_or_default();
            return Self { name, opposite: false, proposition: None };
        }
        match estimate.basis.main().filter(|_| estimate.basis.similarity > Self::NEAR) {
            Some(item) => {
                let opposite = stance(&asked.text) * stance(&item.text) < 0.0;
                let proposition = (item.kind == ItemKind::Prior && !opposite).then(|| item.text.clone());
                Self { name: item.id.clone(), opposite, proposition }
            }
            None => Self { name: plain(&asked.text), opposite: false, proposition: None },
        }
    }

    fn draw(&self, persona: &Persona) -> f32 {
        let draw = chance(&[persona.index as u64], &self.name);
        if self.opposite { 1.0 - draw } else { draw }
    }
}

fn voice(
    admitted: &Admitted<'_>,
    estimate: &Estimate<'_>,
    topic: &Topic,
    recall: &Recall<'_>,
    at: usize,
) -> PersonaAnswer {
    let (asked, persona) = (&admitted.asked, admitted.people[at]);
    let leaning = estimate.basis.leaning(persona);
    // A rated text has one rating, whoever reads it.
    let own = estimate.shares.get(at).or(estimate.shares.first()).map_or(&[][..], Vec::as_slice);
    let draw = topic.draw(persona);
    let several = asked.kind == Kind::MultipleChoice;
    let picked = if several { None } else { pick(own, &estimate.order(asked), draw) };
    let lean = match picked.and_then(|at| estimate.roles.get(at)) {
        Some(Role::At(place)) if asked.kind != Kind::Price => *place,
        _ => (logistic(leaning) * 2.0 - 1.0 + (draw - 0.5)).clamp(-1.0, 1.0),
    };
    let taken =
        |(option, share): &(&String, &f32)| several && chance(&[persona.index as u64], option) < **share;
    let choices = asked.options.iter().zip(own).filter(taken).map(|(option, _)| option.clone()).collect();
    let choice = picked.and_then(|at| asked.options.get(at)).cloned();
    let id = persona.id();
    let earlier = recall.earlier(&id);
    // Who leans to neither side is out of step with nobody.
    let typical = lean * leaning >= 0.0 || leaning.abs() < 0.5;
    let proposition = topic.proposition.as_deref();
    let voice = Voice { persona, asked, choice: choice.as_deref(), lean, proposition, typical, earlier };
    PersonaAnswer {
        who: compose::who(persona),
        quote: voice.quote(),
        words: Speaker::Composed,
        persona: id,
        choice,
        choices,
        sentiment: rounded(lean),
    }
}
