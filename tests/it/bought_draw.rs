//! The whole way with the programs that people run: `buyer` pays `rng` on a chain, and the receipt stands by itself.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use devnet::{Devnet, Options};
use serde_json::{Value, json};

use crate::{
    program::{Program, Running},
    support::{BuyerCommand, binary},
};

const PRICE: u64 = 1_000;

/// A chain, the rng on it, and a buyer.
struct Shop {
    chain: Devnet,
    rng: Running,
    buyer: BuyerCommand,
}

impl Shop {
    async fn open() -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let rng = Program::new(binary("rng")).on("devnet", chain.rpc_url().as_ref());
        let rng = rng.env("X402_PAY_TO", &chain.pay_to().rng.to_string());
        let rng = rng.start();
        rng.until_ready(200).await;
        let buyer = BuyerCommand::new(&chain, 0);
        Self { chain, rng, buyer }
    }

    async fn buyer(&self, arguments: &[&str]) -> Output {
        self.buyer.run(arguments).await
    }

    async fn draw(&self, arguments: &[&str]) -> Output {
        let url = self.rng.public.clone();
        self.buyer(&[&["draw", "--url", &url], arguments].concat()).await
    }

    async fn earned(&self) -> u64 {
        self.chain.balance_of(self.chain.pay_to().rng).await.expect("a balance").to()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.buyer.path(name)
    }
}

fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

#[tokio::test]
async fn a_draw_is_bought_saved_and_verified_with_and_without_the_chain() {
    let shop = Shop::open().await;
    for (index, asked) in [
        ["--dice", "2d6"],
        ["--bytes", "48"],
        ["--range", "0..18446744073709551615"],
        ["--shuffle", "52"],
        ["--sample", "5/52"],
        ["--weights", "1,2,3"],
        ["--uuids", "3"],
        ["--floats", "2"],
        ["--passwords", "20"],
    ]
    .iter()
    .enumerate()
    {
        let file = format!("{index}.json");
        assert_success(&shop.draw(&[&asked[..], &["--save", &file]].concat()).await);
        assert_success(&shop.buyer(&["verify", &file]).await);
        let checked = shop.buyer(&["verify", &file, "--offline"]).await;
        assert_success(&checked);
        for signed in
            ["receipt-key", "signed-offer", "delivery", "standard-receipt", "draw-proof", "draw-log"]
        {
            let line = format!("{:12} {signed} ", "passed");
            assert!(String::from_utf8_lossy(&checked.stdout).contains(&line), "{signed}: {checked:?}");
        }
        assert_eq!(shop.earned().await, PRICE * (index as u64 + 1), "{asked:?}");
    }
    let history = shop.buyer(&["history", "--json"]).await;
    assert_success(&history);
    assert_eq!(String::from_utf8_lossy(&history.stdout).matches("\"paid\"").count(), 9);
}

/// What a saved receipt is worth to a stranger: it stands without this suite's own programs, and without the seller.
#[tokio::test]
async fn a_saved_receipt_convinces_the_python_file_and_an_auditor() {
    let shop = Shop::open().await;
    assert_success(&shop.draw(&["--dice", "2d6", "--label", "round 12", "--save", "draw.json"]).await);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../services/rng/assets/verify.py");
    let verify = |file: &str| {
        let output = std::process::Command::new("python3").arg(script).arg(shop.path(file)).output();
        let output = output.expect("python3 runs");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (holds, report) = verify("draw.json");
    assert!(holds && report.contains("bound to the request") && report.contains("entry 2 of"), "{report}");
    assert!(!report.contains("ON THE RECEIPT'S WORD"), "key and log are those of the offer: {report}");
    let mut edited = read(&shop.path("draw.json"));
    edited["draw"]["values"][0]["result"][0] = json!(7);
    fs::write(shop.path("edited.json"), edited.to_string()).expect("written");
    assert!(!verify("edited.json").0);

    let audit = std::process::Command::new(binary("rng"))
        .args(["audit", "--url", &shop.rng.public, "--receipt"])
        .arg(shop.path("draw.json"))
        .output()
        .expect("rng runs");
    let report = String::from_utf8_lossy(&audit.stdout);
    assert!(audit.status.success() && report.contains("1 kept"), "{report}");
}

#[tokio::test]
async fn a_receipt_with_anything_changed_does_not_verify() {
    let shop = Shop::open().await;
    assert_success(&shop.draw(&["--dice", "3d20", "--save", "draw.json"]).await);
    let receipt = read(&shop.path("draw.json"));
    let edits: [(&str, Value); 5] = [
        ("/settlement/extensions/x402-delivery/info/delivery/payload/status", json!(201)),
        ("/draw/values/0/result/0", json!(21)),
        ("/draw/nonce", json!(format!("0x{}", "11".repeat(32)))),
        ("/response/body/utf8", json!("{}")),
        ("/settlement/transaction", json!(format!("0x{}", "22".repeat(32)))),
    ];
    for (pointer, value) in edits {
        let mut edited = receipt.clone();
        let field = edited.pointer_mut(pointer);
        *field.unwrap_or_else(|| panic!("the receipt has {pointer}: {receipt}")) = value;
        fs::write(shop.path("edited.json"), edited.to_string()).expect("written");
        let verdict = shop.buyer(&["verify", "edited.json"]).await;
        assert_eq!(
            verdict.status.code(),
            Some(65),
            "{pointer}: {}",
            String::from_utf8_lossy(&verdict.stdout)
        );
    }
}

#[tokio::test]
async fn a_budget_ends_the_buying_before_anything_is_signed() {
    let shop = Shop::open().await;
    assert_success(&shop.buyer(&["budget", "set", "dice", "--per-day", "0.0025"]).await);
    for _ in 0..2 {
        assert_success(&shop.draw(&["--dice", "1d6", "--budget", "dice"]).await);
    }
    let refused = shop.draw(&["--dice", "1d6", "--budget", "dice"]).await;
    assert_eq!(refused.status.code(), Some(77), "{}", String::from_utf8_lossy(&refused.stderr));
    let dear = shop.draw(&["--dice", "1d6", "--max", "0.0001"]).await;
    assert!(!dear.status.success());
    assert_eq!(shop.earned().await, 2 * PRICE);
}

#[tokio::test]
async fn what_cannot_be_drawn_is_refused_and_not_charged() {
    let shop = Shop::open().await;
    let url = format!("{}/v1/random", shop.rng.public);
    for body in [
        r#"{"draws":[]}"#,
        r#"{"draws":[{"op":"dice","sides":0}]}"#,
        r#"{"draws":[{"op":"tarot"}]}"#,
        "no JSON",
    ] {
        let refused = shop.buyer(&["pay", "-d", body, &url]).await;
        assert!(!refused.status.success(), "{body}");
    }
    let refused = shop.buyer(&["pay", &format!("{url}?dice=2d0")]).await;
    assert!(!refused.status.success());
    assert_eq!(shop.earned().await, 0);
}
