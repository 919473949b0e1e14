//! Whether a model's words say what was decided, and nothing that nobody knows.

use serde::Deserialize;

use super::prompt::Prompt;
use crate::{
    answer::PersonaAnswer, compose, engine::Engine, harmless::gives_orders, request::Asked, scale::plain,
};

const MOST_CHARACTERS: usize = 600;
/// A leaning that is one.
const LEANS: f64 = 0.15;

/// Why words are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejected {
    /// Not of the asked shape, empty or too long.
    Shape,
    /// A number that was not given.
    Number,
    /// For where the persona is against, another option than the persona's.
    Contradiction,
    /// Out of the role.
    Role,
}

#[derive(Deserialize)]
struct Said {
    quote: String,
    stance: Stance,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Stance {
    For,
    Undecided,
    Against,
}

pub(super) fn check(
    engine: &Engine,
    asked: &Asked,
    one: &PersonaAnswer,
    prompt: &Prompt,
    text: &str,
) -> Result<String, Rejected> {
    let said: Said = serde_json::from_str(text).map_err(|_| Rejected::Shape)?;
    let quote = said.quote.split_whitespace().collect::<Vec<_>>().join(" ");
    if quote.is_empty() || quote.chars().count() > MOST_CHARACTERS {
        return Err(Rejected::Shape);
    }
    if out_of_role(&quote) {
        return Err(Rejected::Role);
    }
    if numbers(&quote).any(|number| !numbers(&prompt.user).any(|given| given == number)) {
        return Err(Rejected::Number);
    }
    let against = match said.stance {
        Stance::For => one.sentiment < -LEANS,
        Stance::Against => one.sentiment > LEANS,
        Stance::Undecided => one.sentiment.abs() > 0.6,
    };
    // Of a thing, praise and blame are the position itself; of a public question they are not.
    let tone = if compose::about_a_thing(asked) {
        f64::from(engine.rater.place(&engine.matcher, &quote))
    } else {
        0.0
    };
    if against || tone * one.sentiment < -LEANS || names_another_option(asked, one, &quote) {
        return Err(Rejected::Contradiction);
    }
    Ok(quote)
}

/// Digits with what belongs to them: "$29.99" is 29.99, "1,000" is 1000.
fn numbers(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')))
        .map(|number| number.trim_matches(['.', ',']).replace(',', "").trim_end_matches(".00").to_owned())
        .filter(|number| number.contains(|c: char| c.is_ascii_digit()))
}

fn out_of_role(quote: &str) -> bool {
    let text = quote.to_lowercase();
    let marks =
        ["as an ai", "language model", "synthetic", "respondent", "http://", "https://", "<|", "[inst]"];
    marks.iter().any(|mark| text.contains(mark)) || gives_orders(&text)
}

fn names_another_option(asked: &Asked, one: &PersonaAnswer, quote: &str) -> bool {
    let said = format!(" {} ", plain(quote));
    let own: Vec<String> = one.choice.iter().chain(&one.choices).map(|choice| plain(choice)).collect();
    let other = |option: &String| {
        let option = plain(option);
        // "agree" is not another answer than "strongly agree", and one word ("no", "5") is said in passing.
        option.contains(' ')
            && !own.iter().any(|own| own.contains(&option) || option.contains(own.as_str()))
            && said.contains(&format!(" {option} "))
    };
    !own.is_empty() && asked.options.iter().any(other)
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let read: Vec<_> = numbers("I'm 34; $1,000.00 or 29.99, not 5.").collect();
        assert_eq!(read, ["34", "1000", "29.99", "5"]);
    }
}
