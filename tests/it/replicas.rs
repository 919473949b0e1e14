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

/// Where a replica dies: its answer is committed, or the money has moved, and nobody has been told.
const IN_THE_MIDDLE: [(&str, &str); 2] = [
    ("/authorize", "after open/running settling/served"),
    ("/upfront", "before settling/none settled/running"),
];

#[tokio::test]
async fn what_a_replica_leaves_in_the_middle_of_a_settlement_the_other_one_finishes() {
    let database = ScratchPostgres::start().expect("a database");
    let (mut world, replica) = World::replicated(&database.url()).await;
    for (target, stop) in IN_THE_MIDDLE {
        world.service.kill();
        world.service.set("STOP_AT", stop);
        world.service.restart().await;
        let body = json!({ "note": stop });
        let payment = world.sign(0, target, &body).await;
        let earned = world.earned().await;
        assert!(world.post(target, &body, &payment).send().await.is_err(), "nobody is told");
        world.service.has_died().await;

        let served = world.insist(&replica, target, &body, &payment).await;
        assert_eq!((served.status.as_u16(), &served.json()["note"]), (200, &json!(stop)));
        assert_eq!(world.earned().await, earned + PRICE.atomic(), "{target}");
        assert_eq!(world.service.runs(payment.id) + replica.runs(payment.id), 1, "{target}");
    }
}

#[tokio::test]
async fn a_replica_that_slept_through_its_lease_changes_nothing_when_it_wakes() {
    let database = ScratchPostgres::start().expect("a database");
    let (world, replica) = World::replicated(&database.url()).await;
    for target in FLOWS {
        let body = json!({ "note": "asleep", "workMs": 1000 });
        let payment = world.sign(0, target, &body).await;
        let earned = world.earned().await;
        let sleeper = tokio::spawn(Answer::of(world.post(target, &body, &payment)));
        world.service.has_begun(payment.id).await;
        world.service.signal("STOP");
        let served = world.insist(&replica, target, &body, &payment).await;
        assert_eq!(served.status, 200, "{target}: {}", served.json());

        world.service.signal("CONT");
        assert_eq!(sleeper.await.expect("joined").status, 503, "{target}: it does not know better");
        let again = world.pay(target, &body, &payment).await;
        assert_eq!((again.status.as_u16(), again.body), (200, served.body), "{target}: one answer");
        assert_eq!(world.earned().await, earned + PRICE.atomic(), "{target}");
    }
}

#[tokio::test]
async fn what_the_database_failed_in_the_middle_of_the_same_process_finishes() {
    let mut database = ScratchPostgres::start().expect("a database");
    let world = World::with_settings(&[("DATABASE_URL", &database.url())]).await;
    for target in FLOWS {
        let body = json!({ "note": "cut off", "workMs": 3000 });
        let payment = world.sign(0, target, &body).await;
        let earned = world.earned().await;
        let call = tokio::spawn(Answer::of(world.post(target, &body, &payment)));
        world.service.has_begun(payment.id).await;
        database.control("stop --mode=immediate").expect("crashed");
        let pending = call.await.expect("joined");
        assert_eq!((pending.status.as_u16(), pending.reason().as_str()), (503, "settlement_pending"));

        database.control("start").expect("recovered");
        let served = world.insist(&world.service, target, &body, &payment).await;
        assert_eq!(served.status, 200, "{target}: {}", served.json());
        assert_eq!(world.earned().await, earned + PRICE.atomic(), "{target}");
    }
}
