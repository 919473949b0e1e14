use serde_json::{Value, json};

use crate::answers;

#[test]
fn an_audience_is_written_as_a_person_would_and_says_how_many_match() {
    let ask = |audience: Value| json!({"question": "Do you own a home?", "options": ["yes", "no"], "audience": audience});
    let told = answers(&[
        ask(json!({})),
        ask(json!({"gender": "women", "age": "18-34", "region": "the South"})),
        ask(json!({"education": "college graduate", "income": "over $100k"})),
        ask(json!({"income": "under $50k", "race": ["Black", "Hispanic"]})),
        ask(json!({"age": {"min": 65}, "party": "lean Republican"})),
    ]);
    let sizes: Vec<u64> = told.iter().map(|answer| answer["effective_n"].as_u64().expect("a size")).collect();
    assert_eq!(sizes[0], 10_000);
    assert!(sizes[1..].iter().all(|size| (100..3_000).contains(size)), "{sizes:?}");
    let owns = |at: usize| told[at]["distribution"]["yes"].as_f64().expect("a share");
    assert!(owns(2) > owns(0) && owns(3) < owns(0) && owns(1) < owns(0), "{told:?}");
}

#[test]
fn people_of_another_country_are_stood_in_for_and_the_answer_says_so() {
    let query = json!({"question": "Is the government doing too little for people in poverty?", "options": ["yes", "no"],
        "audience": {"country": "Norway", "age": "18-34"}});
    let answer = &answers(&[query])[0];
    assert_eq!(answer["calibration"]["grade"], "model-only");
    assert!(answer["flags"].to_string().contains("Norway"));
}
