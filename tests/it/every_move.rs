//! SIGKILL at every move of a payment's state, just before and just after it is durable; a restart; the buyer's payment sent
//! again; then the chain is audited. Which moves there are is read from the state machine, and which of them happen is seen by
//! watching the service: a new state that no scenario walks to fails the first test here.

use std::collections::BTreeSet;

use devnet::{Devnet, FaultProxy, Faults, Options};
use serde_json::{Value, json};
use x402_gate::{Money, Work};

use crate::support::{Answer, PRICE, Signed, World, environment};

/// The buyer that lends the seller its wallet for refunds.
const WALLET: usize = 40;
/// What the work costs where that is less than the price.
const COST: u64 = 4_000;
/// The longest that one settlement may take here.
const SETTLE_MS: &str = "2000";

/// What happens to one payment.
#[derive(Clone, Copy, Debug)]
enum Scenario {
    /// Works, settles, delivers.
    Authorize,
    /// Settles, works, delivers.
    Upfront,
    /// Settles, fails, gives back.
    Refund,
    /// Works, settles, delivers, and gives back what the work did not cost.
    Part,
    /// Fails, and fails again when asked again: free.
    Failing,
    /// The transaction waits longer than anybody waits for it.
    Slow,
    /// No transaction arrives until the outcome is called unknown.
    Lost,
    /// Settles, delivers, and a reorganisation takes the settlement back.
    Reorganised,
}

const ALL: [Scenario; 8] = [
    Scenario::Authorize,
    Scenario::Upfront,
    Scenario::Refund,
    Scenario::Part,
    Scenario::Failing,
    Scenario::Slow,
    Scenario::Lost,
    Scenario::Reorganised,
];

/// Moves of the money that no scenario makes: ends at which nobody was charged, which hostile_payments and finality walk to.
fn walked_elsewhere(to: Money) -> bool {
    to == Money::Dead
}

/// A scenario on a chain of its own.
struct Stage {
    scenario: Scenario,
    world: World,
    proxy: FaultProxy,
    body: Value,
    payment: Signed,
    before: (u64, u64, u64),
}

impl Stage {
    /// `stop`: where the service kills itself, as `before` or `after` and the move.
    async fn set(scenario: Scenario, stop: Option<&str>) -> Self {
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let proxy = FaultProxy::start(chain.rpc_url(), Faults::default()).expect("a proxy");
        let mut settings = environment(&chain, proxy.url(), 0);
        settings.push(("REFUND_KEY", hex::encode(chain.buyer(WALLET).private_key)));
        settings.push(("REFUND_BUDGET", "1".to_owned()));
        settings.push(("SETTLE_MS", SETTLE_MS.to_owned()));
        settings.push(("STOP_AT", stop.unwrap_or_default().to_owned()));
        let world = World::with_environment(chain, settings).await;
        let body = match scenario {
            Scenario::Refund | Scenario::Failing => json!({ "status": 500 }),
            Scenario::Part => json!({ "charge": COST }),
            _ => json!({ "note": "once" }),
        };
        let payment = world.sign(0, Self::target(scenario), &body).await;
        // Where nothing is settled yet, a reorganisation takes this block back, and not the buyers' money.
        world.chain.mine().await.expect("mined");
        let before = balances(&world).await;
        Self { scenario, world, proxy, body, payment, before }
    }

    const fn target(scenario: Scenario) -> &'static str {
        match scenario {
            Scenario::Upfront | Scenario::Refund => "/upfront",
            _ => "/authorize",
        }
    }

    /// Sends the payment, and makes the scenario's trouble until the service has seen it, or is gone.
    async fn play(&self) {
        match self.scenario {
            Scenario::Slow => self.world.chain.pause_mining().await.expect("paused"),
            Scenario::Lost => {
                let lost = "drop@eth_sendRawTransactionSync=1,drop@eth_sendRawTransaction=1";
                self.proxy.set(lost.parse().expect("faults"));
            }
            _ => {}
        }
        let _ = self.send().await;
        if matches!(self.scenario, Scenario::Failing) {
            let _ = self.send().await;
        }
        match self.scenario {
            Scenario::Reorganised => self.reorganise().await,
            _ => self.heal().await,
        }
    }

    /// Takes back the newest block, and waits until that was noticed, or the service is gone.
    async fn reorganise(&self) {
        self.world.chain.rpc::<Value>("anvil_reorg", (1, json!([]))).await.expect("reorganised");
        self.world.chain.mine().await.expect("mined");
        while let Some(status) = self.world.try_status(self.payment.id).await
            && status["blockNumber"] != json!(null)
        {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn heal(&self) {
        self.proxy.set(Faults::default());
        self.world.chain.resume_mining().await.expect("resumed");
        // What waited while nothing was mined waits for a block still.
        self.world.chain.mine().await.expect("mined");
    }

    async fn send(&self) -> Option<Answer> {
        let request = self.world.post(Self::target(self.scenario), &self.body, &self.payment);
        match request.send().await {
            Ok(response) => Some(Answer::read(response).await),
            Err(_) => None,
        }
    }

    /// Sends the payment until there is nothing left to wait for. Answers false where the service is gone.
    async fn settle(&self) -> bool {
        loop {
            let Some(answer) = self.send().await else { return false };
            assert_ne!(answer.status, 402, "nobody is told to pay again: {}", answer.json());
            let done = match self.scenario {
                Scenario::Refund => {
                    let Some(status) = self.world.try_status(self.payment.id).await else { return false };
                    status["money"] == "refunded"
                }
                Scenario::Part => answer.status == 200 && balances(&self.world).await == self.end(),
                Scenario::Failing => matches!(answer.status.as_u16(), 500 | 502),
                Scenario::Reorganised => {
                    let Some(status) = self.world.try_status(self.payment.id).await else { return false };
                    status["money"] == "settled" && self.is_in_its_block(&status).await
                }
                _ => answer.status == 200,
            };
            if done {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// Whether the chain has a settlement where the service says: a reorganisation that is not noticed yet is told as before.
    async fn is_in_its_block(&self, status: &Value) -> bool {
        let transaction = json!([status["transaction"]]);
        let receipt = self.world.chain.rpc::<Value>("eth_getTransactionReceipt", transaction).await;
        let block = receipt.expect("answered")["blockNumber"].as_str().map(str::to_owned);
        let block = block.and_then(|block| u64::from_str_radix(block.trim_start_matches("0x"), 16).ok());
        block.is_some_and(|block: u64| status["blockNumber"].as_str() == Some(block.to_string().as_str()))
    }

    /// What the payer, the seller and the refund wallet hold when it is over.
    fn end(&self) -> (u64, u64, u64) {
        let (payer, seller, wallet) = self.before;
        let price = PRICE.atomic();
        match self.scenario {
            Scenario::Refund => (payer, seller + price, wallet - price),
            Scenario::Part => (payer - COST, seller + price, wallet - (price - COST)),
            Scenario::Failing => (payer, seller, wallet),
            _ => (payer - price, seller + price, wallet),
        }
    }

    /// Nobody was charged twice, nothing was paid for and neither served nor given back, nothing was lost.
    async fn audit(&self, stop: &str) {
        assert_eq!(balances(&self.world).await, self.end(), "{:?} {stop}", self.scenario);
        let status = self.world.status(self.payment.id).await;
        let end = match self.scenario {
            Scenario::Refund => ("refunded", "failed"),
            Scenario::Failing => ("open", "failed"),
            _ => ("settled", "served"),
        };
        let state = (&status["money"], &status["work"]);
        assert_eq!(state, (&json!(end.0), &json!(end.1)), "{:?} {stop}", self.scenario);
    }
}

/// What the payer, the seller and the refund wallet hold.
async fn balances(world: &World) -> (u64, u64, u64) {
    (
        world.balance(world.buyer(0).address()).await,
        world.earned().await,
        world.balance(world.buyer(WALLET).address()).await,
    )
}

/// The moves that a scenario makes when nothing is killed.
async fn moves(scenario: Scenario) -> BTreeSet<String> {
    let stage = Stage::set(scenario, None).await;
    stage.play().await;
    assert!(stage.settle().await, "{scenario:?}");
    stage.audit("undisturbed").await;
    stage.world.service.moves()
}

async fn killed_at_every_move(scenario: Scenario) {
    for step in moves(scenario).await {
        for when in ["before", "after"] {
            let stop = format!("{when} {step}");
            let mut stage = Stage::set(scenario, Some(&stop)).await;
            stage.play().await;
            stage.settle().await;
            stage.world.service.has_died().await;
            stage.world.service.set("STOP_AT", "");
            stage.world.service.restart().await;
            assert!(stage.settle().await, "{stop}");
            stage.audit(&stop).await;
        }
    }
}

#[tokio::test]
async fn the_scenarios_make_every_move_that_there_is() {
    let mut seen = BTreeSet::new();
    for scenario in ALL {
        seen.extend(moves(scenario).await);
    }
    let pairs = seen.iter().filter_map(|step| step.split_once(' '));
    let (mut money, mut work) = (BTreeSet::new(), BTreeSet::new());
    for (from, to) in pairs {
        let (Some(from), Some(to)) = (from.split_once('/'), to.split_once('/')) else { continue };
        money.insert((from.0, to.0));
        work.insert((from.1, to.1));
    }
    for from in Money::ALL {
        for to in Money::ALL.into_iter().filter(|to| from.may_become(*to) && from != *to) {
            let made = money.contains(&(from.as_str(), to.as_str()));
            assert!(made || walked_elsewhere(to), "{from:?} to {to:?} happens in no scenario: {seen:?}");
        }
    }
    for from in Work::ALL {
        for to in Work::ALL.into_iter().filter(|to| from.may_become(*to) && from != *to) {
            assert!(work.contains(&(from.as_str(), to.as_str())), "{from:?} to {to:?}: {seen:?}");
        }
    }
}

#[tokio::test]
async fn killed_anywhere_in_a_sale_that_works_first() {
    killed_at_every_move(Scenario::Authorize).await;
}

#[tokio::test]
async fn killed_anywhere_in_a_sale_that_settles_first() {
    killed_at_every_move(Scenario::Upfront).await;
}

#[tokio::test]
async fn killed_anywhere_in_a_refund() {
    killed_at_every_move(Scenario::Refund).await;
}

#[tokio::test]
async fn killed_anywhere_in_a_refund_of_a_part() {
    killed_at_every_move(Scenario::Part).await;
}

#[tokio::test]
async fn killed_anywhere_in_work_that_fails() {
    killed_at_every_move(Scenario::Failing).await;
}

#[tokio::test]
async fn killed_anywhere_around_a_transaction_that_is_slow() {
    killed_at_every_move(Scenario::Slow).await;
}

#[tokio::test]
async fn killed_anywhere_around_a_reorganisation() {
    killed_at_every_move(Scenario::Reorganised).await;
}

#[tokio::test]
async fn killed_anywhere_around_a_transaction_that_is_lost() {
    killed_at_every_move(Scenario::Lost).await;
}
