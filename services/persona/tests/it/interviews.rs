//! Interviews over several calls.

use serde_json::{Value, json};

use crate::{answer_lines, answers};

fn concept(price: f64) -> Value {
    json!({"description": "A bottle that reminds you to drink", "price": price})
}

fn first() -> Value {
    let query = json!({"mode": "interview", "question": "How likely are you to buy it?", "type": "purchase_intent", "n": 12, "seed": 3,
        "audience": {"age": "18-49"}, "concept": concept(29.0)});
    answers(&[query]).remove(0)
}

/// The next question of an interview.
fn follow_up(session: &Value, more: &Value) -> Value {
    let mut query =
        json!({"session": session, "question": "How likely are you to buy it?", "type": "purchase_intent"});
    query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    query
}

fn each<T>(answer: &Value, of: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    answer["answers"].as_array().expect("answers").iter().filter_map(of).collect()
}

#[test]
fn a_follow_up_asks_the_same_people_who_know_what_they_said() {
    let first = first();
    let prices = [29.0, 9.0, 199.0];
    let queries = prices.map(|price| follow_up(&first["session"], &json!({"concept": concept(price)})));
    for (answer, price) in answers(&queries).iter().zip(prices) {
        let personas = |answer| each(answer, |one| one["persona"].as_str().map(str::to_owned));
        assert_eq!(personas(answer), personas(&first));
        assert_eq!(answer["effective_n"], first["effective_n"], "the audience is the interview's");
        assert_eq!(answer["contradictions"], Value::Null, "nobody changes their mind without a cause");
        assert_eq!(answer["session"]["turns"].as_array().map(Vec::len), Some(2));
        let sentiments = |answer| each(answer, |one| one["sentiment"].as_f64());
        for (now, then) in sentiments(answer).into_iter().zip(sentiments(&first)) {
            assert!(
                (now - then) * (price - 29.0) <= 0.0 && (price != 29.0 || now == then),
                "{then} to {now} at ${price}"
            );
        }
    }
    let again = answers(&[follow_up(&first["session"], &json!({}))]).remove(0);
    let recalled = ["As I said before.", "Still the same for me.", "I haven't changed my mind."];
    assert!(
        each(&again, |one| one["quote"].as_str().map(str::to_owned))
            .iter()
            .all(|quote| recalled.iter().any(|said| quote.starts_with(said))),
        "{again}"
    );
}

#[test]
fn who_says_something_else_than_before_is_named() {
    let mut first = first();
    for said in first["session"]["turns"][0]["answers"].as_array_mut().expect("answers") {
        let against = said["sentiment"].as_f64().is_some_and(|side| side < 0.0);
        said["sentiment"] = if against { 1.0 } else { -1.0 }.into();
        said["choice"] = if against { "definitely would buy" } else { "definitely would not buy" }.into();
    }
    let told = answers(&[follow_up(&first["session"], &json!({}))]).remove(0);
    let contradictions = told["contradictions"].as_array().expect("contradictions");
    assert!(contradictions.len() >= 10, "{contradictions:?}");
    assert_eq!(contradictions[0]["why"], "another answer to the same question");
    assert_eq!(contradictions[0]["turn"], 1);
}

#[test]
fn a_session_that_is_not_what_was_given_is_refused() {
    let session = &first()["session"];
    let mut stranger = session.clone();
    stranger["turns"][0]["answers"][0]["persona"] = "p_0000000000000000".into();
    let mut old = session.clone();
    old["audience"] = json!({"age": "65+"});
    let lines = [
        follow_up(&stranger, &json!({})),
        follow_up(&old, &json!({})),
        follow_up(&json!({"turns": []}), &json!({})),
        follow_up(session, &json!({"n": 3})),
        follow_up(session, &json!({"audience": {"gender": "women"}})),
        follow_up(session, &json!({"n": 12})),
    ];
    let told = answer_lines(&lines.map(|line| line.to_string()));
    let details =
        told.iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["error"]["detail"].take());
    let refused: Vec<bool> =
        details.map(|detail| detail.as_str().is_some_and(|why| why.contains("session"))).collect();
    assert_eq!(refused, [true, true, true, true, true, false]);
}
