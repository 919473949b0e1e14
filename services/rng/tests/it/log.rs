use devnet::{Devnet, Options};
use draw::receipt::log::InclusionProof;
use draw::tree::{leaf_hash, verify_consistency};
use draw::{Checkpoint, DrawReceipt, Leaf, LogKey, Logged, Trust, hex_bytes};
use reqwest::RequestBuilder;
use serde_json::Value;
use x402::SigningKey;

use crate::{
    rng,
    sale::{sell, trust},
    support::{PATIENCE, Program, Running, client, payment},
};

/// A service whose ledger, log and keys outlive its process.
struct Shop {
    chain: Devnet,
    folder: tempfile::TempDir,
}

impl Shop {
    async fn open() -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        Self { chain, folder: tempfile::tempdir().expect("a folder") }
    }

    fn program(&self) -> Program {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        rng()
            .on("devnet", self.chain.rpc_url())
            .env("X402_PAY_TO", &self.chain.pay_to().rng.to_string())
            .env("DATABASE_URL", &format!("sqlite://{}", file("rng.db")))
            .env("RNG_SEAL_KEY_FILE", &file("seal.key"))
            .env("RNG_LOG_KEY_FILE", &file("log.key"))
            .env("RNG_LOG_ORIGIN", "rng.example/log")
            .env("RNG_PUBLIC_URL", "https://rng.example")
    }

    fn payer(&self) -> SigningKey {
        SigningKey::from_bytes(&self.chain.buyer(0).private_key.0).expect("a key")
    }
}

fn dice(running: &Running) -> RequestBuilder {
    client().get(format!("{}/v1/random?dice=2d6&label=lottery", running.public))
}

async fn buy(running: &Running, payer: &SigningKey, nonce: u8) -> DrawReceipt {
    let payment = payment(&running.get("/v1/random").await, payer, nonce);
    let (status, body) = sell(dice(running), &payment).await;
    assert_eq!(status, 200, "{body}");
    DrawReceipt::from_json(body.as_bytes()).expect("a receipt")
}

async fn head(running: &Running, key: &LogKey) -> Checkpoint {
    let note = running.get("/checkpoint").await.text().await.expect("text");
    Checkpoint::open(&note, key).expect("a checkpoint")
}

/// Adds the proof of inclusion once the log has it.
async fn proven(running: &Running, mut receipt: DrawReceipt) -> DrawReceipt {
    let log = receipt.log.as_mut().expect("a promise");
    let blind = log.blind;
    let leaf = hex_bytes::format(&receipt.leaf(&blind).hash());
    let proof: InclusionProof = tokio::time::timeout(PATIENCE, async {
        loop {
            let answer = running.get(&format!("/v1/proofs/{leaf}")).await;
            if answer.status() == 200 {
                return answer.json().await.expect("a proof");
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the promise is kept");
    receipt.log.as_mut().expect("a promise").proof = Some(proof);
    receipt
}

#[tokio::test]
async fn every_draw_is_in_the_log_that_promised_it() {
    let shop = Shop::open().await;
    let running = shop.program().start();
    let known = trust(&running).await;
    let receipt = buy(&running, &shop.payer(), 1).await;
    let promised = receipt.verify_with(&known).expect("a true receipt");
    assert!(matches!(promised.logged(), Logged::Promised { .. }), "{promised:?}");
    let receipt = proven(&running, receipt).await;
    let verified = receipt.verify_with(&known).expect("a true receipt");
    assert!(matches!(verified.logged(), Logged::Included { index: 2, .. }), "{verified:?}");

    let answer = running.get("/tile/entries/000.p/3").await;
    assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
    let bundle = answer.bytes().await.expect("a bundle");
    let entry = receipt.leaf(&receipt.log.as_ref().expect("a log").blind);
    assert!(bundle.ends_with(&entry.encode()));
    let hashes = running.get("/tile/0/000.p/3").await.bytes().await.expect("a tile");
    assert_eq!(hashes[64..], leaf_hash(&entry.encode()));
    let first = usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
    let today = receipt.epoch;
    assert!(matches!(Leaf::decode(&bundle[2..2 + first]), Some(Leaf::Key { epoch, .. }) if epoch == today));
    for (path, status) in
        [("/tile/0/000", 404), ("/tile/0/0", 404), ("/tile/1/000.p/1", 404), ("/v1/proofs/0x12", 400)]
    {
        assert_eq!(running.get(path).await.status(), status, "{path}");
    }
}

/// Killed while it sells, again and again: what was answered is in the log, and the log only grew.
#[tokio::test]
async fn a_log_whose_process_is_killed_neither_forks_nor_forgets() {
    let shop = Shop::open().await;
    let (mut receipts, mut last, mut known) = (Vec::new(), None, Trust::default());
    for round in 0..3_u8 {
        let running = shop.program().start();
        running.until_ready(200).await;
        known = trust(&running).await;
        let log = known.log.as_ref().expect("a log");
        let now = head(&running, log).await;
        if let Some(Checkpoint { size, root }) = last {
            let answer = running.get(&format!("/v1/consistency?old={size}&new={}", now.size)).await;
            let proof: Value = answer.json().await.expect("a proof");
            let path: Vec<_> = proof["path"].as_array().expect("a path").iter().map(hash).collect();
            verify_consistency((size, &root), (now.size, &now.root), &path).expect("the log only grew");
        }
        receipts.push(buy(&running, &shop.payer(), round * 20 + 1).await);
        // More are under way when the process ends: some are answered, some are not.
        let others = (2..6_u8).map(|nonce| {
            let (payer, program) = (shop.payer(), &running);
            async move {
                let payment = payment(&program.get("/v1/random").await, &payer, round * 20 + nonce);
                let answer = dice(program).header("payment-signature", payment).send().await.ok()?;
                (answer.status() == 200).then_some(())?;
                DrawReceipt::from_json(&answer.bytes().await.ok()?).ok()
            }
        });
        let kill = async {
            receipts.push(buy(&running, &shop.payer(), round * 20 + 10).await);
            last = Some(head(&running, log).await);
            running.signal("KILL");
        };
        let (answered, ()) = tokio::join!(futures_util::future::join_all(others), kill);
        receipts.extend(answered.into_iter().flatten());
    }
    let running = shop.program().start();
    assert!(receipts.len() >= 6, "{}", receipts.len());
    for receipt in receipts {
        let verified = proven(&running, receipt).await.verify_with(&known).expect("a true receipt");
        assert!(matches!(verified.logged(), Logged::Included { .. }));
    }
}

fn hash(value: &Value) -> [u8; 32] {
    hex_bytes::parse(value.as_str().expect("text")).expect("a hash")
}

#[tokio::test]
async fn an_audit_finds_nothing_wrong_with_an_honest_log_and_a_broken_promise_in_another() {
    let shop = Shop::open().await;
    let running = shop.program().start();
    let receipt = proven(&running, buy(&running, &shop.payer(), 1).await).await;
    let (file, state) = (shop.folder.path().join("draw.json"), shop.folder.path().join("seen.json"));
    std::fs::write(&file, serde_json::to_vec(&receipt).expect("JSON")).expect("a file");
    let audit = |url: &str| {
        let url = format!("--url={url}");
        let receipt = format!("--receipt={}", file.display());
        rng().arg("audit").arg(&url).arg(&receipt).arg(&format!("--state={}", state.display()))
    };
    for _ in 0..2 {
        let output = audit(&running.public).run();
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
        assert!(report.contains("nothing is wrong with this log") && report.contains("1 kept"), "{report}");
        assert!(report.contains("genesis"), "{report}");
    }
    // Another log under the same name and key, where that draw never was: to its buyers it looks as good.
    let key = |name: &str| shop.folder.path().join(name).display().to_string();
    let other = shop
        .program()
        .env("DATABASE_URL", &format!("sqlite://{}", key("other.db")))
        .env("RNG_LOG_DATABASE_URL", &format!("sqlite://{}", key("other-log.db")))
        .start();
    let output = audit(&other.public).run();
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(report.contains("FAULT        shrunk") || report.contains("FAULT        rewritten"), "{report}");
}
