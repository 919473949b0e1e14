//! What is said of a thing: whether it is wanted, what of it, and at that price.

use super::{Voice, capital};
use crate::share::chance;

impl Voice<'_> {
    pub(super) fn verdict(&self) -> String {
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
    pub(super) fn feature(&self) -> String {
        let attributes =
            self.asked.concept.as_ref().map(|concept| concept.attributes.as_slice()).unwrap_or_default();
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
                    "\"{}\" alone wouldn't decide it.",
                    "\"{}\" counts for something.",
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

    pub(super) fn price(&self) -> String {
        let Some(price) = self.asked.concept.as_ref().and_then(|concept| concept.price) else {
            return String::new();
        };
        let per = self
            .asked
            .concept
            .as_ref()
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
}
