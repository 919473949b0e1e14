//! Words for a persona: from its record, the concept's attributes and price, and the number that was drawn for it. Nothing else
//! is claimed: no job, no family, no history that the record does not hold.

mod opinion;
mod themes;
mod thing;

pub(crate) use self::themes::themes;
use crate::{
    panel::Persona,
    request::{Asked, Kind},
    session::Said,
    share::chance,
};

/// Who speaks, about what, and where they stand.
pub(crate) struct Voice<'a> {
    pub(crate) persona: &'a Persona,
    pub(crate) asked: &'a Asked,
    pub(crate) choice: Option<&'a str>,
    /// From -1 to 1.
    pub(crate) lean: f32,
    /// What that leans towards, where it is a proposition of the bank.
    pub(crate) proposition: Option<&'a str>,
    /// Whether that is the side that people like this one take.
    pub(crate) typical: bool,
    /// What they said before to a question like this one.
    pub(crate) earlier: Option<&'a Said>,
}

/// Whether wanting a thing is what an answer says, and not a view of a public question.
pub(crate) fn about_a_thing(asked: &Asked) -> bool {
    asked.concept.is_some()
        && matches!(asked.kind, Kind::Open | Kind::PurchaseIntent | Kind::Nps | Kind::Price)
}

/// "woman, 34, some college, South, $25,000-49,999".
pub(crate) fn who(p: &Persona) -> String {
    use crate::panel::{EDUCATION, INCOME, REGIONS};
    format!(
        "{}, {}, {}, {}, household {}",
        p.gender(),
        p.age,
        EDUCATION[p.education],
        REGIONS[p.region],
        INCOME[p.income]
    )
}

impl Voice<'_> {
    /// Two or three sentences.
    pub(crate) fn quote(&self) -> String {
        let parts = if about_a_thing(self.asked) {
            vec![self.verdict(), self.feature(), self.price()]
        } else {
            vec![self.stand(), self.reason()]
        };
        let mut sentences: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        // The outgoing say more; the orderly put the reason first.
        if self.persona.traits[2] < -0.9 {
            sentences.truncate(2);
        }
        if self.persona.traits[1] > 0.8 && sentences.len() > 2 {
            sentences.swap(0, 1);
        }
        sentences.splice(0..0, self.recall());
        sentences.join(" ")
    }

    /// A follow-up knows what was said.
    fn recall(&self) -> Option<String> {
        let said = if self.earlier?.agrees_with(self.lean) {
            self.one("recall", &["As I said before.", "Still the same for me.", "I haven't changed my mind."])
        } else {
            self.one(
                "recall",
                &[
                    "I know I said otherwise before.",
                    "That's not what I said earlier, I know.",
                    "Asked like this, I see it differently.",
                ],
            )
        };
        Some(said.to_owned())
    }

    /// One of several, the same one for the same persona and purpose.
    fn one<'b>(&self, purpose: &str, of: &[&'b str]) -> &'b str {
        let draw = chance(&[self.persona.index as u64], &format!("{purpose}{}", self.asked.text));
        of.get((draw * of.len() as f32) as usize).copied().unwrap_or_default()
    }
}

/// A sentence begins with a capital, be it behind a quotation mark.
fn capital(text: &str) -> String {
    let Some(at) = text.find(|c: char| c != '"') else { return text.to_owned() };
    let (marks, rest) = text.split_at(at);
    let mut chars = rest.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    marks.chars().chain(first).chain(chars).collect()
}
