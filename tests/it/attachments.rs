//! What a handler records with its answer: committed with it, once, in one order.

use serde_json::json;

use crate::support::{Answer, World};

#[tokio::test]
async fn an_attachment_is_there_with_its_answer_and_its_key_is_given_once() {
    let mut world = World::start().await;
    let order = |key: &str, note: &str| json!({ "attach": key, "note": note });
    let first = world.sign(0, "/authorize", &order("a", "first")).await;
    assert_eq!(world.pay("/authorize", &order("a", "first"), &first).await.status, 200);

    let taken = world.sign(1, "/authorize", &order("a", "taken")).await;
    let refused = world.pay("/authorize", &order("a", "taken"), &taken).await;
    assert_eq!(refused.status, 500, "the answer is withheld");
    assert_eq!(world.status(taken.id).await["work"], "failed");

    let failed = world.sign(1, "/authorize", &json!({ "attach": "b", "status": 404 })).await;
    assert_eq!(world.pay("/authorize", &json!({ "attach": "b", "status": 404 }), &failed).await.status, 404);
    let second = world.sign(1, "/upfront", &order("b", "second")).await;
    assert_eq!(world.pay("/upfront", &order("b", "second"), &second).await.status, 200, "b was not used up");

    let expected = json!([[1, first.id, "first"], [2, second.id, "second"]]);
    assert_eq!(Answer::of(world.http.get(world.url("/attached"))).await.json(), expected);
    world.service.kill();
    world.service.restart().await;
    assert_eq!(Answer::of(world.http.get(world.url("/attached"))).await.json(), expected, "durable");
}
