//! Every service of this repository, on two-second blocks and with a facilitator that fails.

use std::path::{Path, PathBuf};

use devnet::BlockTime;
use loadtest::{
    Estimate,
    local::{Local, LocalOptions, Services},
    output::html,
    plan::{Plan, PlanArgs},
    result::{MoneySummary, RunResult},
    run,
    wallets::fund,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use x402::Usdc;

/// Programs of the workspace stand beside the folder of the tests.
fn programs() -> PathBuf {
    let here = std::env::current_exe().expect("a program");
    here.parent().and_then(Path::parent).expect("a folder of programs").to_owned()
}

fn options(folder: &TempDir) -> LocalOptions {
    let list = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/services.toml");
    let text = std::fs::read_to_string(list).expect("a list");
    LocalOptions {
        services: Services::from_toml(&text).expect("services"),
        programs: programs(),
        folder: folder.path().to_owned(),
        block_time: BlockTime::Seconds(2),
        rpc_faults: None,
        facilitator_faults: None,
    }
}

/// What the payees got for single payments.
fn credited(money: &MoneySummary) -> Usdc {
    money.credits.values().fold(Usdc::ZERO, |sum, credit| sum.checked_add(*credit).expect("a sum"))
}

async fn carried_out(local: &Local, args: PlanArgs) -> RunResult {
    let args = PlanArgs {
        targets: local.targets(),
        rpc: local.rpc_url().parse().ok(),
        budget: "1".parse().ok(),
        buyers: Some(16),
        patience: "60s".parse().ok(),
        settle_wait: "60s".parse().ok(),
        ..args
    };
    let plan: Plan = args.plan().expect("a plan");
    let secret = local.secret().expect("a secret");
    let buyers = secret.buyers(plan.buyers).expect("buyers");
    let node = loadtest::connect(&plan).await.expect("a chain").expect("a chain");
    let estimate = Estimate::of(&plan, Some(&node), &buyers).await.expect("an estimate");
    fund(&node, secret.funder(), &buyers, estimate.each).await.expect("funds");
    run(&plan, buyers, &mut (), CancellationToken::new()).await.expect("a result")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steady_rate_on_two_second_blocks_is_clean_and_adds_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let local = Local::start(options(&folder)).await.expect("services");
    let args = PlanArgs { rate: Some(6.0), duration: "12s".parse().ok(), ..PlanArgs::default() };
    let result = carried_out(&local, args).await;
    assert!(result.verdict.passed, "{:?} {:?}", result.verdict, result.unserved);
    let money = result.money.as_ref().expect("an audit");
    assert_eq!((money.classes["served_paid"], result.load.intended), (72, 72));
    assert_eq!(money.ledger, Some(credited(money)), "the sellers' ledgers say what the chain says");
    let channels = money.channels.expect("books of channels");
    assert_eq!((channels.calls, channels.charged, channels.left), (12, channels.claims, Usdc::ZERO));
    assert_eq!(channels.deposits.checked_sub(channels.claims), Some(channels.refunds));
    assert_eq!(money.debits.checked_sub(money.returns), Some(money.balances));
    let sum = result.additivity;
    assert!((sum.parts_s / sum.total_s - 1.0).abs() < 0.01, "{sum:?}");
    assert!(result.measures["settle"].count == 60, "the gate tells how long it settled");
    assert!(result.measures["to-block"].count == 60 && result.blocks.len() > 4);
    assert!(html(&result).expect("a page").contains("Against the block boundary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_at_five_percent_failures_of_the_facilitator() {
    let folder = tempfile::tempdir().expect("a folder");
    let faults = "502@/settle=0.05, drop-after@/settle=0.05, 504@/settle=every:9, seed=3";
    let options = LocalOptions {
        block_time: BlockTime::Seconds(1),
        facilitator_faults: Some(faults.parse().expect("faults")),
        ..options(&folder)
    };
    let local = Local::start(options).await.expect("services");
    let args = PlanArgs { rate: Some(6.0), duration: "10s".parse().ok(), ..PlanArgs::default() };
    let result = carried_out(&local, args).await;
    let inflicted: u64 = local.inflicted().iter().map(|(_, count)| count).sum();
    assert!(inflicted >= 3, "{inflicted} faults");
    assert!(result.verdict.leaks.is_empty(), "{:?} {:?}", result.verdict, result.unserved);
    let money = result.money.as_ref().expect("an audit");
    assert_eq!(money.ledger, Some(credited(money)));
    assert_eq!(money.classes["served_paid"], 60, "{:?} {:?}", money.classes, result.unserved);
}
