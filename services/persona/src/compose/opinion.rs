//! What is said to a question that is not about a thing: where they stand, and a reason that the record holds.

use super::{Voice, capital};
use crate::{panel::PARTIES, request::Kind, share::chance};

impl Voice<'_> {
    /// Where they stand, in the question's own options.
    pub(super) fn stand(&self) -> String {
        let Some(choice) = self.choice.filter(|_| self.asked.kind != Kind::RateText) else {
            return self.opinion();
        };
        let frame = self.one(
            "stand",
            &["{}, I'd say.", "I'd go with \"{}\".", "{}.", "Put me down for \"{}\".", "My answer is {}."],
        );
        capital(&frame.replace("{}", &choice.to_lowercase()))
    }

    fn opinion(&self) -> String {
        if asks_for_more(&self.asked.text) {
            return self.position();
        }
        let said = match self.lean {
            lean if lean > 0.5 => self.one(
                "opinion",
                &["I'm for it.", "I feel good about it.", "Yes, on the whole.", "I'm with it."],
            ),
            lean if lean > 0.1 => {
                self.one("opinion", &["More yes than no.", "On balance I'm in favor.", "I lean yes."])
            }
            lean if lean > -0.1 => self.one(
                "opinion",
                &["I see both sides.", "I don't have a settled view.", "It depends on how it's done."],
            ),
            lean if lean > -0.5 => {
                self.one("opinion", &["More no than yes.", "I have my doubts.", "I lean against it."])
            }
            _ => self.one("opinion", &["I'm against it.", "No, I don't like it.", "That's a no from me."]),
        };
        said.to_owned()
    }

    /// To what no yes or no answers: where they stand on the proposition that comes nearest. Without one there is nothing to name.
    fn position(&self) -> String {
        let Some(proposition) = self.proposition else {
            let unnamed = [
                "I couldn't name one thing.",
                "No single answer comes to mind.",
                "I'd have to think about that.",
            ];
            return self.one("unnamed", &unnamed).to_owned();
        };
        let said = match self.lean {
            lean if lean > 0.5 => ["Yes, very much.", "That's how I see it."],
            lean if lean > 0.1 => ["More yes than no.", "To a degree, yes."],
            lean if lean > -0.1 => ["I see both sides.", "It depends."],
            lean if lean > -0.5 => ["More no than yes.", "Not really."],
            _ => ["No, not at all.", "I don't see it that way."],
        };
        format!("\"{proposition}\"? {}", self.one("position", &said))
    }

    /// Party, ideology and faith: as the reason where people like this one answer so, and as what it parts with where they do not.
    fn convictions(&self) -> Vec<String> {
        let p = self.persona;
        let (side, name) = (p.party, PARTIES[p.party]);
        let mut said = vec![match (side, self.typical) {
            (3, _) => "I don't go by either party on this.".to_owned(),
            (0 | 6, true) => format!("I'm a {name}, and that's part of it."),
            (_, true) => format!("I'm {}, so that won't surprise you.", short(side)),
            (_, false) => format!("I'm {}, but not in step with my side here.", short(side)),
        }];
        said.push(match (p.ideology, self.typical) {
            (2, _) => "I try to stay somewhere in the middle.".to_owned(),
            (0 | 1, true) => "I'm on the liberal side of most things.".to_owned(),
            (0 | 1, false) => "I'm liberal on most things, just not this one.".to_owned(),
            (_, true) => "I'm conservative about most things.".to_owned(),
            (_, false) => "I'm conservative about most things, just not this one.".to_owned(),
        });
        match (p.religion, self.typical) {
            (3, true) => said.push("My faith weighs in how I see it.".to_owned()),
            (0, _) => said.push("Religion doesn't come into it for me.".to_owned()),
            _ => {}
        }
        said
    }

    /// A reason that the record holds, of the kind that the question calls for.
    pub(super) fn reason(&self) -> String {
        let p = self.persona;
        let mut reasons: Vec<String> = Vec::new();
        if public_question(&self.asked.text) {
            reasons.extend(self.convictions());
        }
        let years = match p.age {
            ..=29 => self.one(
                "age",
                &[
                    "At {} I'm going to live with it for a long time.",
                    "I'm {}; ask me again in ten years.",
                    "Most people my age, {}, would get that.",
                ],
            ),
            65.. => self.one(
                "age",
                &[
                    "I'm {}; I've watched opinions on this come and go.",
                    "At {} I don't change my mind easily.",
                    "I've had {} years to think about it.",
                ],
            ),
            _ => self.one(
                "age",
                &[
                    "I'm {}, old enough to have thought it over.",
                    "At {} you've seen a bit of both.",
                    "That's how it looks to me at {}.",
                ],
            ),
        };
        reasons.push(years.replace("{}", &p.age.to_string()));
        match p.income {
            0 | 1 => {
                reasons.push("We watch every dollar here, so I look at what it costs people like us.".into());
            }
            5 => reasons.push("Money is not what decides it for me.".into()),
            _ => {}
        }
        if p.traits[3] > 0.9 {
            reasons.push("I worry about how it turns out.".into());
        }
        if p.traits[4] > 0.9 {
            reasons.push("I like to look at a thing from more than one side.".into());
        }
        let draw = chance(&[p.index as u64], &format!("reason{}", self.asked.text));
        let at = (draw * reasons.len() as f32) as usize;
        reasons.into_iter().nth(at).unwrap_or_default()
    }
}

/// Whether a question asks for a thing, a time, a reason: more than where somebody stands.
fn asks_for_more(text: &str) -> bool {
    const FOR: [&str; 11] = [
        "what ",
        "which ",
        "who ",
        "whom ",
        "where ",
        "when ",
        "why ",
        "how much ",
        "how many ",
        "how often ",
        "how long ",
    ];
    const STANCE: [&str; 6] = ["think of", "think about", "feel about", "opinion", "view of", "view on"];
    let text = text.to_lowercase();
    FOR.iter().any(|word| text.starts_with(word)) && !STANCE.iter().any(|words| text.contains(words))
}

/// Whether party and creed have to do with a question.
fn public_question(text: &str) -> bool {
    const WORDS: [&str; 24] = [
        "government",
        "state",
        "law",
        "tax",
        "spend",
        "president",
        "congress",
        "immigra",
        "abortion",
        "gun",
        "police",
        "climate",
        "school",
        "poverty",
        "welfare",
        "country",
        "support or oppose",
        "party",
        "military",
        "rights",
        "health care",
        "policy",
        "court",
        "environment",
    ];
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

fn short(party: usize) -> &'static str {
    match party {
        0 | 1 => "a Democrat",
        2 => "an independent who leans Democratic",
        3 => "an independent",
        4 => "an independent who leans Republican",
        _ => "a Republican",
    }
}
