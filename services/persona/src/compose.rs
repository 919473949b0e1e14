//! Words for a persona: from its record, the concept's attributes and price, and the number that was drawn for it. Nothing else
//! is claimed: no job, no family, no history that the record does not hold.

use crate::{
    answer::{PersonaAnswer, Theme},
    panel::{PARTIES, Persona},
    request::{Asked, FullConcept, Kind},
    share::chance,
};

/// Who speaks, about what, and where they stand.
pub(crate) struct Voice<'a> {
    pub(crate) persona: &'a Persona,
    pub(crate) asked: &'a Asked,
    pub(crate) concept: Option<&'a FullConcept>,
    pub(crate) choice: Option<&'a str>,
    /// From -1 to 1.
    pub(crate) lean: f32,
    /// Whether that is the side that people like this one take.
    pub(crate) typical: bool,
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
        let parts = if self.about_a_thing() {
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
        sentences.join(" ")
    }

    fn about_a_thing(&self) -> bool {
        self.concept.is_some()
            && matches!(self.asked.kind, Kind::Open | Kind::PurchaseIntent | Kind::Nps | Kind::Price)
    }

    /// One of several, the same one for the same persona and purpose.
    fn one<'b>(&self, purpose: &str, of: &[&'b str]) -> &'b str {
        let draw = chance(&[self.persona.index as u64], &format!("{purpose}{}", self.asked.text));
        of.get((draw * of.len() as f32) as usize).copied().unwrap_or_default()
    }

    fn verdict(&self) -> String {
        let open = self.persona.traits[4] > 0.5;
        let said = match self.lean {
            lean if lean > 0.6 => self.one(
                "verdict",
                &[
                    "Yes, I can see myself using this.",
                    "I'd buy it.",
                    "This is for me.",
                    "Count me in.",
                    "I want one, plainly.",
                ],
            ),
            lean if lean > 0.15 && open => self.one(
                "verdict",
                &[
                    "I'm curious; I'd give it a try.",
                    "New to me, and that is half the appeal.",
                    "I'd try it once and see.",
                ],
            ),
            lean if lean > 0.15 => self.one(
                "verdict",
                &[
                    "Probably, yes.",
                    "I lean towards it.",
                    "It sounds sensible enough.",
                    "I could be talked into it.",
                ],
            ),
            lean if lean > -0.2 => self.one(
                "verdict",
                &[
                    "I could go either way.",
                    "Not a yes, not a no.",
                    "I'd wait and see what others say.",
                    "Hard to say from a description.",
                    "Undecided.",
                ],
            ),
            lean if lean > -0.65 => self.one(
                "verdict",
                &[
                    "Probably not.",
                    "I don't see the need.",
                    "I'd pass for now.",
                    "It doesn't do much for me.",
                ],
            ),
            _ => self.one(
                "verdict",
                &[
                    "No.",
                    "Not for me.",
                    "I wouldn't take it at all.",
                    "I have no use for this.",
                    "Definitely not.",
                ],
            ),
        };
        said.to_owned()
    }

    /// What of the concept is picked up.
    fn feature(&self) -> String {
        let attributes = self.concept.map(|concept| concept.attributes.as_slice()).unwrap_or_default();
        if attributes.is_empty() {
            return String::new();
        }
        let draw = chance(&[self.persona.index as u64], "feature");
        let picked = attributes[(draw * attributes.len() as f32) as usize % attributes.len()]
            .trim_end_matches('.')
            .to_lowercase();
        let frame = if self.lean > 0.15 {
            self.one(
                "feature",
                &[
                    "What gets me: {}.",
                    "Mostly for this: {}.",
                    "\"{}\" matters to me.",
                    "\"{}\" is the part I'd use.",
                    "I read \"{}\" and was interested.",
                ],
            )
        } else if self.lean > -0.2 {
            self.one(
                "feature",
                &[
                    "\"{}\" is fine, if it holds up.",
                    "\"{}\" I like; the rest, less so.",
                    "\"{}\": I'd want to see that for myself.",
                    "Is it really \"{}\"?",
                ],
            )
        } else {
            self.one(
                "feature",
                &[
                    "\"{}\" doesn't change that.",
                    "\"{}\" isn't an answer to any problem I have.",
                    "{}? I've managed without.",
                    "Even with \"{}\", I'd rather not.",
                ],
            )
        };
        capital(&frame.replace("{}", &picked))
    }

    fn price(&self) -> String {
        let Some(price) = self.concept.and_then(|concept| concept.price) else { return String::new() };
        let per = self
            .concept
            .and_then(|concept| concept.per.as_deref())
            .map(|per| format!(" a {per}"))
            .unwrap_or_default();
        let shown =
            if price.fract() == 0.0 { format!("${price:.0}{per}") } else { format!("${price:.2}{per}") };
        let burden = price * if per.contains("month") { 6.0 } else { 1.0 }
            / (12.0 * (1.0 + self.persona.income as f64));
        let frame = match (burden, self.lean > 0.15) {
            (burden, true) if burden > 4.0 => self.one(
                "price",
                &[
                    "At {} I'd have to save up for it.",
                    "{} is a stretch on what we bring in, but still.",
                    "I'd want it on sale; {} is a lot for us.",
                ],
            ),
            (burden, false) if burden > 2.0 => self.one(
                "price",
                &[
                    "And {} is more than I'd put into it.",
                    "For {} it would have to be something I need.",
                    "{} goes to other things first.",
                    "Not at {}.",
                ],
            ),
            (burden, true) if burden < 0.8 => {
                self.one("price", &["{} is easy to justify.", "At {} there's little to think about.", ""])
            }
            (_, true) => self.one(
                "price",
                &["{} seems fair.", "I'd pay {} if it lasts.", "{} is about what I'd expect.", ""],
            ),
            (_, false) => self.one("price", &["It isn't about the {}.", "{} isn't the problem.", "", ""]),
        };
        capital(&frame.replace("{}", &shown))
    }

    /// Where they stand, in the question's own options.
    fn stand(&self) -> String {
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
    fn reason(&self) -> String {
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

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// What at least two personas brought up, with what they said.
pub(crate) fn themes(answers: &[PersonaAnswer]) -> Vec<Theme> {
    const THEMES: [(&str, &[&str]); 6] = [
        ("price", &["$", "dollar", "sale", "save up", "Money"]),
        (
            "would try it",
            &["give it a try", "try it once", "curious", "buy it", "using this", "want one", "Count me in"],
        ),
        (
            "no need",
            &["don't see the need", "no use", "managed without", "isn't a problem I have", "pass for now"],
        ),
        (
            "undecided",
            &["either way", "Undecided", "both sides", "settled", "Hard to say", "wait and see", "Not a yes"],
        ),
        (
            "party and ideology",
            &["Democrat", "Republican", "liberal side", "conservative about", "independent", "either party"],
        ),
        ("faith", &["faith", "Religion"]),
    ];
    let theme = |(name, words): &(&str, &[&str])| {
        let with: Vec<&str> = answers
            .iter()
            .map(|a| a.quote.as_str())
            .filter(|quote| words.iter().any(|word| quote.contains(word)))
            .collect();
        let quotes = with.iter().take(3).map(|quote| (*quote).to_owned()).collect();
        (with.len() > 1).then(|| Theme { theme: (*name).to_owned(), personas: with.len(), quotes })
    };
    THEMES.iter().filter_map(theme).collect()
}
