//! Numbers, not verdicts. Run by name.

use std::{sync::Arc, time::Instant};

use x402_facilitator::Facilitator;

use crate::world::{World, settled};

#[tokio::test]
#[ignore = "a measurement"]
async fn time_of_concurrent_settlements() {
    for count in [1, 16, 64] {
        let world = World::automine().await;
        let facilitator = Arc::new(world.facilitator(1));
        settled(facilitator.settle(&world.payment(&world.buyer(49))).await.expect("settles"));
        for round in 0..3 {
            let requests: Vec<_> = (0..count).map(|index| world.payment(&world.buyer(index % 40))).collect();
            let began = Instant::now();
            let settlements: Vec<_> = requests
                .into_iter()
                .map(|request| {
                    let facilitator = Arc::clone(&facilitator);
                    tokio::spawn(async move { facilitator.settle(&request).await })
                })
                .collect();
            for settlement in settlements {
                settled(settlement.await.expect("runs").expect("settles"));
            }
            eprintln!("{count} at once, round {round}: {:?}", began.elapsed());
        }
    }
}

/// Gas on the stand-in token. Each payer pays for the first time; the payee had a balance before.
#[tokio::test]
#[ignore = "a measurement"]
async fn gas_by_batch_size() {
    for payers in [1, 40] {
        for count in [1_usize, 10, 100] {
            let world = World::automine().await;
            let facilitator = Arc::new(world.one_at_a_time());
            settled(facilitator.settle(&world.payment(&world.buyer(49))).await.expect("settles"));
            world.devnet.pause_mining().await.expect("pauses");
            let settle = |request: x402::FacilitatorRequest| {
                let facilitator = Arc::clone(&facilitator);
                tokio::spawn(async move { facilitator.settle(&request).await })
            };
            let first = settle(world.payment(&world.buyer(48)));
            world.wait_for_pending(1).await;
            let settling: Vec<_> =
                (0..count).map(|index| settle(world.payment(&world.buyer(index % payers)))).collect();
            tokio::task::yield_now().await;
            world.devnet.mine().await.expect("mines");
            world.wait_for_pending(1).await;
            world.devnet.mine().await.expect("mines");
            settled(first.await.expect("runs").expect("settles"));
            let mut gas = Vec::new();
            for settlement in settling {
                gas.push(settled(settlement.await.expect("runs").expect("settles")).gas_used);
            }
            assert!(gas.iter().all(|used| *used == gas[0]), "one transaction");
            eprintln!("{count} payments of {payers} payers: {} gas each", gas[0] / count as u64);
        }
    }
}
