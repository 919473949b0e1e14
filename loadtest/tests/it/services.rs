//! Every service of this repository, on two-second blocks and with a facilitator that fails.

use std::path::{Path, PathBuf};

use alloy::{
    network::Ethereum,
    primitives::{U256, address},
    providers::{Provider, RootProvider},
    sol_types::SolCall,
};
use devnet::BlockTime;
use loadtest::{
    Estimate, Observer,
    local::{Local, LocalOptions, Services},
    output::html,
    plan::{Plan, PlanArgs},
    result::{MoneySummary, RunResult},
    run,
    wallets::fund,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use x402::{Address, B256, Network, SETTLEMENT_CONTRACT, TestToken, Usdc};

use crate::seller::transferCall;

/// Account 1 of the local chain.
const RNG_PAYEE: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");

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

/// Sends a seller a unit that the settlement contract holds, past the contract's own account of it.
struct SlipsOut {
    rpc: String,
    sent: Option<JoinHandle<()>>,
}

impl Observer for SlipsOut {
    fn begins(&mut self, _plan: &Plan, _calls: Option<u64>) {
        self.sent = Some(tokio::spawn(slip_out(self.rpc.clone())));
    }
}

async fn slip_out(rpc: String) {
    let provider = RootProvider::<Ethereum>::new_http(rpc.parse().expect("an address"));
    let ask = async |method: &'static str, params: Value| -> Value {
        provider.raw_request(method.into(), params).await.expect(method)
    };
    let (from, value) = (SETTLEMENT_CONTRACT, U256::from(1));
    ask("anvil_impersonateAccount", json!([from])).await;
    ask("anvil_setBalance", json!([from, U256::from(10u64.pow(18))])).await;
    let mint = TestToken::mintCall { account: from, value }.abi_encode();
    for data in [mint, transferCall { to: RNG_PAYEE, value }.abi_encode()] {
        let call = json!({ "from": from, "to": Network::BaseSepolia.usdc().address, "gas": "0x30d40", "data": format!("0x{}", hex::encode(data)) });
        let sent: B256 =
            serde_json::from_value(ask("eth_sendTransaction", json!([call])).await).expect("a hash");
        let mut receipt = Value::Null;
        while receipt.is_null() {
            receipt = ask("eth_getTransactionReceipt", json!([sent])).await;
        }
        assert_eq!(receipt["status"], "0x1", "{receipt}");
    }
}

async fn carried_out(local: &Local, args: PlanArgs) -> RunResult {
    observed(local, args, &mut ()).await
}

async fn observed(local: &Local, args: PlanArgs, observer: &mut dyn Observer) -> RunResult {
    let args = PlanArgs {
        targets: local.targets(),
        rpc: local.rpc_url().parse().ok(),
        budget: "1".parse().ok(),
        buyers: Some(16),
        patience: "60s".parse().ok(),
        settle_wait: args.settle_wait.or("60s".parse().ok()),
        ..args
    };
    let plan: Plan = args.plan().expect("a plan");
    let secret = local.secret().expect("a secret");
    let buyers = secret.buyers(plan.buyers).expect("buyers");
    let node = loadtest::connect(&plan).await.expect("a chain").expect("a chain");
    let estimate = Estimate::of(&plan, Some(&node), &buyers).await.expect("an estimate");
    fund(&node, secret.funder(), &buyers, estimate.each).await.expect("funds");
    run(&plan, buyers, observer, CancellationToken::new()).await.expect("a result")
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
    assert_eq!(
        channels.paid_out.checked_add(channels.owed),
        Some(channels.claims),
        "nobody else has channels"
    );
    assert_eq!(money.unproven, 0);
    let sum = result.additivity;
    assert!((sum.parts_s / sum.total_s - 1.0).abs() < 0.01, "{sum:?}");
    assert!(result.measures["settle"].count == 60, "the gate tells how long it settled");
    assert!(result.measures["to-block"].count == 60 && result.blocks.len() > 4);
    assert!(html(&result).expect("a page").contains("Against the block boundary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_leaves_the_channels_contract_past_its_account_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = LocalOptions { block_time: BlockTime::Auto, ..options(&folder) };
    options.services.services.retain(|service| service.program == "rng");
    let local = Local::start(options).await.expect("services");
    let args = PlanArgs {
        rate: Some(4.0),
        duration: "3s".parse().ok(),
        settle_wait: "1s".parse().ok(),
        ..PlanArgs::default()
    };
    let mut slips = SlipsOut { rpc: local.rpc_url().to_owned(), sent: None };
    let result = observed(&local, args, &mut slips).await;
    slips.sent.expect("a beginning").await.expect("it slipped out");
    assert_eq!(result.verdict.leaks.len(), 1, "everything else is in order: {:?}", result.verdict);
    let leak = &result.verdict.leaks[0];
    assert!(leak.contains(&format!("seller {RNG_PAYEE}")) && leak.contains("by the token's logs"), "{leak}");
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
