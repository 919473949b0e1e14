use serde_json::Value;

use crate::offline;

#[tokio::test]
async fn the_openapi_document_is_as_published() {
    let running = offline().arg("--public-url=https://persona.example").start();
    let mut document: Value = running.get("/openapi.json").await.json().await.expect("JSON");
    assert_eq!(document["info"]["version"].take(), env!("CARGO_PKG_VERSION"));
    insta::assert_json_snapshot!(document);
}
