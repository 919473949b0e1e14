use std::collections::HashSet;

use devnet::{Devnet, Options};
use draw::{Checkpoint, DrawReceipt, Leaf};
use scratch_postgres::ScratchPostgres;
use x402::SigningKey;

use crate::{
    rng,
    sale::{sell, trust},
    support::{PATIENCE, client, payment},
};

const EACH: u8 = 12;

/// Two replicas sell from one ledger, and both bring what was sold into one log: nothing twice, nothing lost.
#[tokio::test]
async fn two_replicas_on_postgres_keep_one_log() {
    let database = ScratchPostgres::start().expect("a database");
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let keys = tempfile::tempdir().expect("a folder");
    let file = |name: &str| keys.path().join(name).display().to_string();
    let start = |signer: usize| {
        let program = rng().on("devnet", chain.rpc_url());
        let signer = program.file("other.key", &chain.signer(signer).private_key.to_string());
        program
            .env("X402_SIGNER_KEY_FILE", &signer)
            .env("X402_PAY_TO", &chain.pay_to().rng.to_string())
            .env("DATABASE_URL", &database.url())
            .env("RNG_SEAL_KEY_FILE", &file("seal.key"))
            .env("RNG_LOG_KEY_FILE", &file("log.key"))
            .env("RNG_LOG_ORIGIN", "rng.example")
            .env("RNG_PUBLIC_URL", "https://rng.example")
            .start()
    };
    let replicas = [start(0), start(1)];
    let known = trust(&replicas[0]).await;
    let payer = SigningKey::from_bytes(&chain.buyer(0).private_key.0).expect("a key");
    let draws = (1..=2 * EACH).map(|nonce| {
        let (replica, payer) = (&replicas[usize::from(nonce % 2)], payer.clone());
        async move {
            let payment = payment(&replica.get("/v1/random").await, &payer, nonce);
            let (status, body) = sell(client().get(format!("{}/v1/random", replica.public)), &payment).await;
            assert_eq!(status, 200, "{body}");
            DrawReceipt::from_json(body.as_bytes()).expect("a receipt")
        }
    });
    let receipts = futures_util::future::join_all(draws).await;
    let size = 2 + receipts.len() as u64;

    let end = std::time::Instant::now() + PATIENCE;
    let heads = loop {
        let mut heads = Vec::new();
        for replica in &replicas {
            let note = replica.get("/checkpoint").await.text().await.expect("text");
            heads.push(Checkpoint::open(&note, known.log.as_ref().expect("a log")).expect("a checkpoint"));
        }
        if heads.iter().all(|head| head.size >= size) {
            break heads;
        }
        assert!(std::time::Instant::now() < end, "the log stays at {heads:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(heads[0], heads[1]);
    assert_eq!(heads[0].size, size, "two keys, and each draw once");
    let bundle =
        replicas[1].get(&format!("/tile/entries/000.p/{size}")).await.bytes().await.expect("a bundle");
    let mut rest: &[u8] = &bundle;
    let mut logged = HashSet::new();
    while let [high, low, entries @ ..] = rest {
        let (entry, next) = entries.split_at(u16::from_be_bytes([*high, *low]).into());
        logged.insert(Leaf::decode(entry).expect("an entry").hash());
        rest = next;
    }
    for receipt in receipts {
        receipt.verify_with(&known).expect("a true receipt");
        assert!(logged.contains(&receipt.leaf(&receipt.log.as_ref().expect("a promise").blind).hash()));
    }
}
