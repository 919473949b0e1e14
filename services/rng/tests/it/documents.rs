use serde_json::Value;

use crate::offline;

#[tokio::test]
async fn the_openapi_document_is_as_published() {
    let running = offline().arg("--public-url=https://rng.example").start();
    let mut document: Value = running.get("/openapi.json").await.json().await.expect("JSON");
    assert_eq!(document["info"]["version"].take(), env!("CARGO_PKG_VERSION"));
    insta::assert_json_snapshot!(document);
}

#[tokio::test]
async fn the_reference_shows_every_route_parameter_and_draw() {
    let running = offline().start();
    let page = running.get("/docs").await.text().await.expect("text");
    for expected in ["id=\"get-v1-random\"", "id=\"post-v1-random\"", "$0.001", "?dice=2d6", "clientSeed"] {
        assert!(page.contains(expected), "the reference lacks {expected}");
    }
    for draw in ["bytes", "integers", "floats", "dice", "shuffle", "sample", "weighted", "uuids"] {
        assert!(page.contains(&format!("op: &quot;{draw}&quot;")), "the reference lacks {draw}");
    }
}

#[tokio::test]
async fn the_example_of_a_body_is_one_that_can_be_drawn() {
    let running = offline().start();
    let page = running.get("/docs").await.text().await.expect("text");
    let example =
        page.split("buyer pay -d '").nth(1).and_then(|rest| rest.split('\'').next()).expect("an example");
    let example = example.replace("&quot;", "\"");
    draw::DrawRequest::from_json(example.as_bytes()).expect(&example);
}
