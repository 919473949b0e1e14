use serde_json::{Value, json};

use crate::answers;

/// What a text implies: for (+), against (-), or a condition that no single rating answers (?). Written for this test.
const CASES: [(char, &str); 50] = [
    ('+', "I love it."),
    ('+', "I would definitely buy this."),
    ('+', "Not bad at all."),
    ('+', "I can't wait, it looks great."),
    ('+', "No problem with it, it works perfectly."),
    ('+', "It never failed me, very reliable."),
    ('+', "I wasn't disappointed, quite the opposite: it is excellent."),
    ('+', "There is nothing I dislike about it."),
    ('+', "Pricey, but it is worth it and I love it."),
    ('+', "I was doubtful at first, but now I recommend it."),
    ('+', "Easy to use and very comfortable."),
    ('+', "It isn't boring, it is fun."),
    ('+', "A really useful idea."),
    ('+', "I am very interested in this."),
    ('+', "This is a bargain."),
    ('+', "Works great and is not noisy."),
    ('+', "Not a waste of money."),
    ('+', "I enjoyed it very much."),
    ('-', "I hate it."),
    ('-', "I would not buy this."),
    ('-', "I don't like it."),
    ('-', "It is not good."),
    ('-', "It isn't worth the money."),
    ('-', "I am not interested."),
    ('-', "I would never recommend it."),
    ('-', "Nothing about it is useful."),
    ('-', "It doesn't work."),
    ('-', "It looks nice but it breaks."),
    ('-', "Good idea, but far too expensive."),
    ('-', "I wanted to like it, but it is disappointing."),
    ('-', "Overpriced and flimsy."),
    ('-', "I don't need this."),
    ('-', "Not very helpful."),
    ('-', "Hardly useful."),
    ('-', "A gimmick, I'd skip it."),
    ('-', "I can't recommend this."),
    ('-', "I'm not happy with it at all."),
    ('-', "The battery is poor and the app is confusing."),
    ('-', "Not a great product."),
    ('-', "No, thanks. It is pointless."),
    ('?', "Under $60 I would, at $129 it is a pass."),
    ('?', "If it were cheaper I would buy it."),
    ('?', "I'd take it if it came in blue."),
    ('?', "Only when it goes on sale."),
    ('?', "Maybe, unless there is a subscription."),
    ('?', "At $20 yes, at $50 no."),
    ('?', "It depends on the price."),
    ('?', "I would as long as returns are free."),
    ('?', "For $10 I'd try it."),
    ('?', "It would have to be much cheaper."),
];

#[test]
fn negations_turn_the_rating_and_conditions_are_flagged() {
    let query =
        |text: &str| json!({"question": "How likely are you to buy it?", "type": "rate_text", "text": text});
    let told = answers(&CASES.map(|(_, text)| query(text)));
    let conditional = |answer: &Value| answer["flags"].to_string().contains("conditional");
    let fails = |((expected, _), answer): &(&(char, &str), &Value)| {
        let mean = answer["mean"].as_f64().expect("a mean");
        !match expected {
            '+' => mean > 3.1 && !conditional(answer),
            '-' => mean < 2.9 && !conditional(answer),
            _ => conditional(answer),
        }
    };
    let wrong: Vec<_> = CASES
        .iter()
        .zip(&told)
        .filter(fails)
        .map(|((expected, text), answer)| (expected, text, &answer["mean"], &answer["flags"]))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
