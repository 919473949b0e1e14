//! Two replicas of one service on one Postgres.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use scratch_postgres::ScratchPostgres;
use serde_json::json;

use crate::support::{Answer, FLOWS, PRICE, World};

const COPIES: usize = 1000;

#[tokio::test]
async fn of_1000_copies_at_once_over_two_replicas_the_handler_runs_once_and_one_is_charged() {
    let database = ScratchPostgres::start().expect("a database");
    let (world, replica) = World::replicated(&database.url()).await;
    for target in FLOWS {
        let body = json!({ "note": "race", "workMs": 100 });
        let payment = world.sign(0, target, &body).await;
        let earned = world.earned().await;

        let services = [&world.service, &replica].into_iter().cycle().take(COPIES);
        let copies = services.map(|service| Answer::of(world.post_to(service, target, &body, &payment)));
        let answers = join_all(copies).await;

        let mut by_status = BTreeMap::new();
        for answer in &answers {
            *by_status.entry(answer.status.as_u16()).or_insert(0) += 1;
        }
        assert_eq!(world.service.runs(payment.id) + replica.runs(payment.id), 1, "{target}: {by_status:?}");
        assert_eq!(world.earned().await, earned + PRICE.atomic(), "{target}: {by_status:?}");
        assert!(by_status.keys().all(|status| [200, 409].contains(status)), "{target}: {by_status:?}");
        for service in [&world.service, &replica] {
            let again = Answer::of(world.post_to(service, target, &body, &payment)).await;
            assert_eq!(again.status, 200, "{target}: {}", again.json());
            let served = answers.iter().filter(|answer| answer.status == 200);
            assert!(served.map(|answer| &answer.body).all(|body| *body == again.body), "one answer");
        }
    }
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_sold_and_then_it_goes_on() {
    let mut database = ScratchPostgres::start().expect("a database");
    let (world, replica) = World::replicated(&database.url()).await;
    let body = json!({ "note": "away" });
    let payment = world.sign(0, "/authorize", &body).await;
    database.control("stop --mode=immediate").expect("crashed");
    let refused = Answer::of(world.post_to(&replica, "/authorize", &body, &payment)).await;
    assert_eq!(refused.status, 503, "{}", refused.json());
    assert_eq!((world.earned().await, replica.runs(payment.id)), (0, 0));

    database.control("start").expect("recovered");
    let served = Answer::of(world.post_to(&replica, "/authorize", &body, &payment)).await;
    assert_eq!(served.status, 200, "{}", served.json());
    assert_eq!(world.earned().await, PRICE.atomic());
}
