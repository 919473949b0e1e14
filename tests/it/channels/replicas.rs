//! Two processes, one database.

use futures_util::future::join_all;
use scratch_postgres::ScratchPostgres;
use serde_json::json;

use super::buyer::Buyer;
use crate::support::{Answer, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voucher_buys_once_whichever_replica_it_is_shown_to() {
    let database = ScratchPostgres::start().expect("a database");
    let (world, replica) = World::replicated_with_channels(&database.url()).await;
    let buyer = Buyer::opened(&world, 0).await;
    let origins = [world.service.origin.clone(), replica.origin.clone()];
    for call in 2..12_u64 {
        let ceiling = call * 10_000;
        let shown = (0..6).map(|copy| {
            let (world, buyer, origin) = (&world, &buyer, &origins[copy % 2]);
            async move {
                let body = json!({ "note": format!("{call}/{copy}") });
                let url = format!("{origin}/authorize");
                Answer::of(buyer.post_to(&url, world, &body, buyer.spend(ceiling))).await
            }
        });
        let answers = join_all(shown).await;
        let served: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(served.len(), 1, "{:?}", answers.iter().map(Answer::json).collect::<Vec<_>>());
        assert_eq!(served[0].charged(), 10_000);
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(refused.correction(buyer.key.address()), ceiling);
        }
    }
    let elsewhere = format!("{}/authorize", replica.origin);
    let body = json!({ "note": "next" });
    let next = Answer::of(buyer.post_to(&elsewhere, &world, &body, buyer.spend(120_000))).await;
    assert_eq!(next.charged(), 10_000);
    let body = json!({ "note": "one more" });
    let next = Answer::of(buyer.post(&world, "/authorize", &body, buyer.spend(130_000))).await;
    assert_eq!(next.charged(), 10_000, "each knows what the other charged");
}
