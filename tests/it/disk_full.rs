//! The disk that the ledger is on is full for a while: what it was doing is kept, nothing more is sold, and then it goes on.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write as _},
    path::PathBuf,
};

use devnet::{Devnet, Options};
use futures_util::future::join_all;
use x402::{PaymentNonce, SigningKey};

use crate::{
    program::{Program, Running, client},
    support::{Answer, Signed, binary, eventually, random, sign_with},
};

const PRICE: u64 = 1_000;
/// Who buys before, while, and after the disk gets full.
const EARLY: std::ops::Range<usize> = 0..4;
const LATE: std::ops::Range<usize> = 4..8;
const TARGET: &str = "/v1/random?bytes=32";
/// Runs a program with `data` on a disk of its own, in namespaces of its own so that nobody needs to be root. The ledger's log stays
/// below this size, so that it must grow.
const ON_A_SMALL_DISK: &str = "mkdir data && mount -t tmpfs -o size=3m tmpfs data && exec \"$0\" \"$@\"";

/// A chain, and the rng on it with a ledger in a file.
struct Shop {
    chain: Devnet,
    rng: Running,
    before: Vec<u64>,
}

impl Shop {
    async fn open() -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let rng = ["--user", "--map-root-user", "--mount", "/bin/sh", "-c", ON_A_SMALL_DISK]
            .into_iter()
            .fold(Program::new("/usr/bin/unshare"), Program::arg);
        let rng = rng.arg(&binary("rng").display().to_string()).on("devnet", chain.rpc_url());
        let rng = rng.env("X402_PAY_TO", &chain.pay_to().rng.to_string()).start();
        rng.until_ready(200).await;
        let before = balances(&chain).await;
        Self { chain, rng, before }
    }

    async fn sign(&self, buyer: usize) -> Signed {
        let key = SigningKey::from_bytes(&self.chain.buyer(buyer).private_key.0).expect("a key");
        let offer = Answer::of(client().get(self.url())).await.offer();
        sign_with(&key, &offer, PaymentNonce(random()), None)
    }

    fn url(&self) -> String {
        format!("{}{TARGET}", self.rng.public)
    }

    async fn pay(&self, payment: &Signed) -> Answer {
        Answer::of(client().get(self.url()).header("payment-signature", payment.header())).await
    }

    async fn insist(&self, payment: &Signed) -> Answer {
        eventually(async || self.pay(payment).await.for_good()).await
    }

    /// Waits until a payment's transaction is written down.
    async fn is_sent(&self, payment: &Signed) {
        let url = format!("{}/payments/{}", self.rng.public, payment.id);
        eventually(async || {
            let status = Answer::of(client().get(&url)).await.json();
            if status["transaction"].is_string() { Ok(()) } else { Err(format!("not sent: {status}")) }
        })
        .await;
    }

    async fn earned(&self) -> u64 {
        self.chain.balance_of(self.chain.pay_to().rng).await.expect("a balance").to()
    }

    /// What takes the disk's room, by way of the namespace that has the disk.
    fn ballast(&self) -> PathBuf {
        let folder = self.rng.folder.path().strip_prefix("/").expect("an absolute path");
        PathBuf::from(format!("/proc/{}/root", self.rng.id())).join(folder).join("data/ballast")
    }

    fn fill_the_disk(&self) {
        let mut ballast = File::create(self.ballast()).expect("a file");
        let full = loop {
            if let Err(full) = ballast.write_all(&[0; 4096]) {
                break full;
            }
        };
        assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
    }

    fn free_the_disk(&self) {
        fs::remove_file(self.ballast()).expect("the file is there");
    }
}

async fn balances(chain: &Devnet) -> Vec<u64> {
    let balances = (EARLY.start..LATE.end).map(|buyer| chain.balance_of(chain.buyer(buyer).address));
    join_all(balances).await.into_iter().map(|balance| balance.expect("a balance").to()).collect()
}

#[tokio::test]
async fn while_the_disk_is_full_nothing_is_sold_or_lost_and_then_the_same_process_goes_on() {
    let shop = Shop::open().await;
    let early = join_all(EARLY.map(|buyer| shop.sign(buyer))).await;
    let late = join_all(LATE.map(|buyer| shop.sign(buyer))).await;
    shop.chain.pause_mining().await.expect("paused");
    let disk_gets_full = async {
        join_all(early.iter().map(|payment| shop.is_sent(payment))).await;
        shop.fill_the_disk();
        let money = PRICE * EARLY.len() as u64;
        while shop.earned().await < money {
            shop.chain.mine().await.expect("a block");
        }
        shop.chain.resume_mining().await.expect("resumed");
    };
    let (answers, ()) = tokio::join!(join_all(early.iter().map(|payment| shop.pay(payment))), disk_gets_full);
    for answer in answers {
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (503, "settlement_pending"));
    }

    let report = shop.rng.until_ready(503).await;
    assert_eq!(report["checks"]["database"]["ok"], false, "{report}");
    for refused in join_all(late.iter().map(|payment| shop.pay(payment))).await {
        assert_eq!(refused.status, 503, "{}", refused.json());
        assert!(refused.headers.contains_key("retry-after"));
    }
    assert_eq!(
        shop.earned().await,
        PRICE * EARLY.len() as u64,
        "nothing is taken for what cannot be recorded"
    );

    shop.free_the_disk();
    shop.rng.until_ready(200).await;
    let paid: Vec<_> = early.iter().chain(&late).collect();
    for answer in join_all(paid.iter().map(|payment| shop.insist(payment))).await {
        assert_eq!(answer.status, 200, "{}", answer.json());
    }
    let debits: Vec<_> = shop.before.iter().zip(balances(&shop.chain).await).map(|(b, a)| b - a).collect();
    assert_eq!(debits, vec![PRICE; paid.len()], "each answered call is paid once");
    assert_eq!(shop.earned().await, PRICE * paid.len() as u64);
}
