use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::{
    offline,
    support::{Running, client},
};

async fn problem(answer: reqwest::Response) -> Value {
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.expect("JSON");
    assert_eq!(problem["status"], status);
    problem
}

async fn sum(running: &Running, media_type: &str, body: &str) -> reqwest::Response {
    let request = client().post(format!("{}/sum", running.public)).header(CONTENT_TYPE, media_type);
    request.body(body.to_owned()).send().await.expect("an answer")
}

#[tokio::test]
async fn errors_are_problems_that_a_program_can_read() {
    let running = offline().start();
    assert_eq!(problem(running.get("/nothing").await).await["reason"], "not_found");
    let wrong_method = client().delete(format!("{}/sum", running.public)).send().await.expect("an answer");
    assert_eq!(problem(wrong_method).await["reason"], "method_not_allowed");
    let malformed = problem(sum(&running, "application/json", "[1, 2").await).await;
    assert_eq!((&malformed["status"], &malformed["reason"]), (&400.into(), &"invalid_body".into()));
    let mistyped = problem(sum(&running, "text/plain", "[1, 2]").await).await;
    assert_eq!(mistyped["status"], 415);
    let huge =
        problem(sum(&running, "application/json", &format!("[{}1]", "1,".repeat(200_000))).await).await;
    assert_eq!(huge["status"], 413);
    assert_eq!(sum(&running, "application/json", "[1, 2]").await.text().await.expect("text"), "3");
}

#[tokio::test]
async fn what_went_wrong_inside_is_for_the_log_alone() {
    let running = offline().start();
    let answer = problem(running.get("/broken").await).await;
    assert_eq!((&answer["status"], &answer["reason"]), (&500.into(), &"internal".into()));
    assert!(!answer.to_string().contains("secret"));
    running.log.wait_for(|line| line["error"] == "a secret that the log may see");
}

#[tokio::test]
async fn every_request_has_an_id_that_its_log_line_names() {
    let running = offline().start();
    let given = client().get(format!("{}/", running.public)).header("x-request-id", "from-the-proxy");
    let answer = given.send().await.expect("an answer");
    assert_eq!(answer.headers()["x-request-id"], "from-the-proxy");
    let made = running.get("/docs").await.headers()["x-request-id"].clone();
    for id in ["from-the-proxy", made.to_str().expect("text")] {
        let line = running.log.wait_for(|line| line["span"]["request_id"] == id);
        assert_eq!((&line["message"], &line["status"]), (&"answered".into(), &200.into()));
        assert!(line["latency_ms"].is_f64());
    }
}

#[tokio::test]
async fn a_header_of_a_megabyte_is_answered_with_a_reason() {
    let running = offline().start();
    let request = client().get(format!("{}/v1/answer", running.public));
    let answer = request.header("payment-signature", "A".repeat(1 << 20)).send().await.expect("an answer");
    assert_eq!(problem(answer).await["status"], 400);
}

#[tokio::test]
async fn a_handler_knows_who_connected() {
    let running = offline().start();
    assert_eq!(running.get("/client").await.text().await.expect("text"), "127.0.0.1");
}

#[tokio::test]
async fn a_client_that_only_asks_is_turned_away_after_a_while() {
    let running = offline().arg("--unpaid-per-second=1").arg("--client-header=x-client").start();
    let ask = async |client: &str| {
        let request =
            crate::support::client().get(format!("{}/v1/answer", running.public)).header("x-client", client);
        request.send().await.expect("an answer")
    };
    let mut turned_away = None;
    for _ in 0..40 {
        let answer = ask("203.0.113.7").await;
        if answer.status() == 429 {
            turned_away = Some(answer);
            break;
        }
        assert_eq!(answer.status(), 402);
    }
    let answer = turned_away.expect("ten at once, one a second");
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.json::<serde_json::Value>().await.expect("JSON")["reason"], "too_many_requests");
    assert_eq!(ask("203.0.113.8").await.status(), 402, "another client");
    assert_eq!(running.get("/docs").await.status(), 200, "what is free is not counted");
}
