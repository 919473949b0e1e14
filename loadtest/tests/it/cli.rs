use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::seller::{Habit, Stall};

struct Shop {
    stall: Stall,
    folder: tempfile::TempDir,
}

impl Shop {
    async fn open(habit: Habit) -> Self {
        let (stall, folder) = (Stall::open(habit).await, tempfile::tempdir().expect("a folder"));
        let key = folder.path().join("key");
        fs::write(&key, stall.chain.buyer(0).private_key.to_string()).expect("a file");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a mode");
        Self { stall, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn loadtest(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
        command.args(arguments).current_dir(self.folder.path());
        command
            .env("LOADTEST_RPC_URL", self.stall.chain.rpc_url())
            .env("LOADTEST_WALLET_FILE", self.path("key"));
        tokio::task::spawn_blocking(move || command.output().expect("the program runs"))
            .await
            .expect("an output")
    }

    async fn run(&self, more: &[&str]) -> Output {
        let url = &self.stall.url;
        let usual =
            ["run", "--url", url, "--rate", "20", "--duration", "1s", "--buyers", "4", "--settle-wait", "1s"];
        self.loadtest(&[&usual[..], more].concat()).await
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).expect("a result")).expect("JSON")
}

#[tokio::test]
async fn a_dry_run_prints_the_cost_and_nothing_starts_short() {
    let shop = Shop::open(Habit::Honest).await;
    let dry = shop.run(&["--budget", "0.05", "--dry-run"]).await;
    assert_eq!(dry.status.code(), Some(64), "{}", text(&dry));
    assert!(text(&dry).contains("$0.02 at most, of a budget of $0.05"), "{}", text(&dry));
    let short = shop.run(&["--budget", "0.05"]).await;
    assert_eq!(short.status.code(), Some(64));
    assert!(text(&short).contains("4 of 4 buyers hold less than the $0.005"), "{}", text(&short));
    let dear = shop.run(&["--budget", "0.01"]).await;
    assert!(text(&dear).contains("costs up to $0.02 and the budget is $0.01"), "{}", text(&dear));

    let funded = shop.loadtest(&["wallets", "fund", "--buyers", "4", "--each", "0.005"]).await;
    assert!(funded.status.success(), "{}", text(&funded));
    let dry = shop.run(&["--budget", "0.05", "--dry-run"]).await;
    assert!(dry.status.success(), "{}", text(&dry));
    let run = shop.run(&["--budget", "0.05", "--json", "result.json", "--html", "report.html"]).await;
    assert!(run.status.success(), "{}", text(&run));
    assert_eq!(json(&shop.path("result.json"))["money"]["debits"], "20000");
    let shown = shop.loadtest(&["report", "result.json", "--hdr", "result.hlog"]).await;
    assert!(text(&shown).contains("20 served_paid") && shop.path("result.hlog").exists(), "{}", text(&shown));
    let compared = shop.loadtest(&["compare", "result.json", "result.json", "--measure", "total"]).await;
    assert!(text(&compared).contains("no difference beyond chance"), "{}", text(&compared));
}

#[tokio::test]
async fn a_leak_ends_with_three_and_a_condition_with_two() {
    for (habit, leak) in [
        (Habit::Twice, "4 payments are double_paid"),
        (Habit::KeepsMoney, "4 payments are paid_unserved"),
        (Habit::GivesAway, "4 payments are served_unpaid"),
    ] {
        let shop = Shop::open(habit).await;
        let funded = shop.loadtest(&["wallets", "fund", "--buyers", "4", "--each", "0.01"]).await;
        assert!(funded.status.success(), "{}", text(&funded));
        let run = shop.run(&["--budget", "0.05", "--fail-if", "p50(total)>1us"]).await;
        assert_eq!(run.status.code(), Some(3), "a leak is above a condition: {}", text(&run));
        assert!(text(&run).contains(&format!("LEAK        {leak}")), "{}", text(&run));
    }
    let shop = Shop::open(Habit::Honest).await;
    let slow = shop.run(&["--scheme", "none", "--fail-if", "p50(total)>1us"]).await;
    assert_eq!(slow.status.code(), Some(2), "{}", text(&slow));
}

#[tokio::test]
async fn a_scheme_or_a_flow_that_the_seller_does_not_offer_does_not_start() {
    let shop = Shop::open(Habit::Honest).await;
    for asked in [["--scheme", "batch-settlement"], ["--flow", "upfront"]] {
        let refused = shop.run(&[&["--budget", "0.05"], &asked[..]].concat()).await;
        assert_eq!(refused.status.code(), Some(64), "{}", text(&refused));
        assert!(text(&refused).contains("makes no offer that can be paid"), "{}", text(&refused));
    }
}
