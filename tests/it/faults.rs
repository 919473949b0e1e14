//! The service's way to its RPC, or to its facilitator, has faults. Whatever they are, a payment is settled once and served,
//! or refused and free; everybody is answered; and when the faults end the service goes on, without a restart, as if nothing
//! had been.

use std::time::{Duration, Instant};

use devnet::{Counts, Devnet, Fault, FaultProxy, Faults, Options};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    program::Program,
    support::{Answer, FLOWS, PRICE, Signed, World, binary},
};

const BUYERS: usize = 8;
/// How often each buyer buys in each flow, one after the other.
const ROUNDS: usize = 2;
/// The longest that anybody waits for one answer: the settlement's own limit, and the questions before it.
const LONGEST_ANSWER: Duration = Duration::from_secs(45);
/// The longest until a payment is final: it expires after 45 s, and the chain must have seen that.
const LONGEST_PURCHASE: Duration = Duration::from_secs(90);
const BETWEEN_TRIES: Duration = Duration::from_millis(200);
/// How far a node lags, in blocks: so many pass first, since the buyers had no money before the chain's first.
const LAG: u64 = 2;

/// What one buyer wants once.
struct Purchase {
    buyer: usize,
    target: &'static str,
    body: Value,
    payment: Signed,
}

/// What a buyer was told in the end.
enum End {
    Served(Value),
    Refused(String),
}

impl Purchase {
    async fn prepare(world: &World, buyer: usize, target: &'static str, round: usize) -> Self {
        let body = json!({ "note": format!("{buyer} {round}") });
        let payment = world.sign(buyer, target, &body).await;
        Self { buyer, target, body, payment }
    }

    async fn all(world: &World) -> Vec<Self> {
        let wanted = (0..BUYERS * ROUNDS).flat_map(|index| FLOWS.map(|target| (index, target)));
        let prepared = wanted.map(|(index, target)| Self::prepare(world, index % BUYERS, target, index));
        join_all(prepared).await
    }

    /// Sends the same payment until the service has made up its mind.
    async fn insist(&self, world: &World) -> End {
        let patience = Instant::now() + LONGEST_PURCHASE;
        loop {
            let request = world.post(self.target, &self.body, &self.payment);
            let answer = timeout(LONGEST_ANSWER, Answer::of(request)).await.expect("nobody waits for ever");
            match answer.status.as_u16() {
                200 => return End::Served(answer.json()),
                402 => return End::Refused(answer.reason()),
                409 | 503 => assert!(answer.headers.contains_key("retry-after"), "{}", answer.json()),
                status => panic!("{status}: {}", answer.json()),
            }
            assert!(Instant::now() < patience, "still {}", answer.json());
            sleep(BETWEEN_TRIES).await;
        }
    }

    /// Where the money is in the end: `settled`, `dead`, or null where it was never asked for.
    async fn money(&self, world: &World) -> Value {
        let patience = Instant::now() + LONGEST_PURCHASE;
        loop {
            let status = world.status(self.payment.id).await;
            if ["settled", "dead"].map(Value::from).contains(&status["money"]) || status["status"] == 404 {
                return status["money"].clone();
            }
            assert!(Instant::now() < patience, "still {status}");
            sleep(BETWEEN_TRIES).await;
        }
    }

    /// The ledger says in the end what the buyer was told.
    async fn audit(&self, world: &World, end: &End) {
        let money = self.money(world).await;
        match end {
            End::Served(answer) => {
                assert_eq!((money, &answer["note"]), (json!("settled"), &self.body["note"]));
                assert_eq!(world.service.runs(self.payment.id), 1);
            }
            End::Refused(reason) => assert_ne!(money, "settled", "refused ({reason}) and charged"),
        }
    }
}

/// Everybody buys at once from a service whose way to its RPC has these faults. Gives how many were served.
async fn market(faults: &str) -> (usize, Counts) {
    let (world, proxy) = World::behind(faults).await;
    for _ in 0..LAG {
        world.chain.mine().await.expect("a block");
    }
    market_in(&world, &proxy).await
}

async fn market_in(world: &World, proxy: &FaultProxy) -> (usize, Counts) {
    let before = balances(world).await;
    let purchases = Purchase::all(world).await;
    let ends = join_all(purchases.iter().map(|purchase| purchase.insist(world))).await;
    let counts = proxy.counts();
    proxy.set(Faults::default());
    join_all(purchases.iter().zip(&ends).map(|(purchase, end)| purchase.audit(world, end))).await;
    let served: Vec<_> =
        purchases.iter().zip(&ends).filter(|(_, end)| matches!(end, End::Served(_))).collect();
    conserved(world, &before, served.iter().map(|(purchase, _)| *purchase)).await;

    for (buyer, target) in FLOWS.into_iter().enumerate() {
        let purchase = Purchase::prepare(world, buyer, target, usize::MAX).await;
        let answer = world.pay(target, &purchase.body, &purchase.payment).await;
        assert_eq!(answer.status, 200, "served at the first try again: {}", answer.json());
    }
    (served.len(), counts)
}

/// Whoever is charged is among `paid`, and the seller has it all.
async fn conserved(world: &World, before: &[u64], paid: impl Iterator<Item = &Purchase>) {
    let mut owed = [0; BUYERS];
    paid.for_each(|purchase| owed[purchase.buyer] += PRICE.atomic());
    let after = balances(world).await;
    let debits: Vec<_> = before.iter().zip(&after).map(|(before, after)| before - after).collect();
    assert_eq!(debits, owed);
    assert_eq!(world.earned().await, owed.iter().sum::<u64>());
}

async fn balances(world: &World) -> Vec<u64> {
    join_all((0..BUYERS).map(|buyer| world.balance(world.buyer(buyer).address()))).await
}

/// A fault on every way to send a transaction.
fn on_broadcasts(fault: Fault, when: &str) -> String {
    let methods = ["eth_sendRawTransactionSync", "eth_sendRawTransaction"];
    methods.map(|method| format!("{fault}@{method}={when}")).join(",")
}

const ALL: usize = BUYERS * ROUNDS * FLOWS.len();

#[tokio::test]
async fn answers_to_broadcasts_are_lost() {
    let (served, counts) = market(&on_broadcasts(Fault::DropAfter, "every:2")).await;
    assert_eq!(served, ALL);
    assert!(counts.of(Fault::DropAfter) > 0);
}

#[tokio::test]
async fn a_broadcast_never_arrives() {
    let (served, counts) = market(&on_broadcasts(Fault::Drop, "next:1")).await;
    assert_eq!(served, ALL);
    assert!(counts.of(Fault::Drop) > 0);
}

/// The offered window covers one settlement that comes to nothing, and another one.
#[tokio::test]
async fn no_broadcast_arrives_for_as_long_as_a_settlement_may_take() {
    let (world, proxy) = World::behind(&on_broadcasts(Fault::Drop, "1")).await;
    let body = json!({ "note": "patience" });
    let payment = world.sign(0, "/authorize", &body).await;
    let pending = world.pay("/authorize", &body, &payment).await;
    assert_eq!((pending.status.as_u16(), pending.reason().as_str()), (503, "settlement_pending"));
    proxy.set(Faults::default());

    let ends = ["settled", "dead"].map(Value::from);
    let status = world.until(payment.id, |status| ends.contains(&status["money"])).await;
    assert_eq!(status["money"], "settled", "{status}");
    assert_eq!(world.pay("/authorize", &body, &payment).await.status, 200);
    assert_eq!(world.earned().await, PRICE.atomic());
}

#[tokio::test]
async fn one_request_in_ten_is_turned_away() {
    let (served, counts) = market("429=0.1,seed=2").await;
    assert_eq!(served, ALL);
    assert!(counts.of(Fault::TooManyRequests { retry_after: 1 }) > 0);
}

#[tokio::test]
async fn the_rpc_is_gone_once_it_has_taken_a_settlement_and_comes_back() {
    let gone = Fault::Gone(Duration::from_secs(2));
    let (served, counts) = market(&on_broadcasts(gone, "next:1")).await;
    assert_eq!(served, ALL);
    assert!(counts.of(gone) > 0);
}

#[tokio::test]
async fn the_rpc_is_gone_while_it_is_asked_and_comes_back() {
    let gone = Fault::Gone(Duration::from_secs(2));
    let (served, counts) = market(&format!("{gone}@eth_call=every:20")).await;
    assert_eq!(served, ALL);
    assert!(counts.of(gone) > 0);
}

#[tokio::test]
async fn broadcasts_arrive_twice() {
    let (served, counts) = market(&on_broadcasts(Fault::Twice, "1")).await;
    assert_eq!(served, ALL);
    assert!(counts.of(Fault::Twice) > 0);
}

#[tokio::test]
async fn broadcasts_arrive_twice_and_the_second_answer_is_given() {
    let (served, counts) = market(&on_broadcasts(Fault::Retry, "1")).await;
    assert_eq!(served, ALL);
    assert!(counts.of(Fault::Retry) > 0);
}

#[tokio::test]
async fn everything_goes_wrong_at_once() {
    let (_, counts) = market(
        "stale(2)=0.05,swap(200ms)=0.05,replay=0.05,garbage=0.05,502=0.05,504=0.05,drop=0.05,drop-after=0.05,\
         delay(100ms)=0.05,twice=0.05,retry=0.05,seed=3",
    )
    .await;
    assert!(counts.faults.len() > 5, "{counts}");
}

#[tokio::test]
async fn the_facilitator_settles_twice_or_does_not_say_that_it_did() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let facilitator = Program::new(binary("facilitator")).on("devnet", chain.rpc_url()).start();
    facilitator.until_ready(200).await;
    let faults = "502@/settle=next:2,drop-after@/settle=next:2,garbage@/settle=next:2,retry@/settle=next:2,\
                  twice@/settle=next:2,gone(2s)@/settle=next:1,429@/verify=next:2,504@/verify=next:2";
    let proxy = FaultProxy::start(&facilitator.public, faults.parse().expect("faults")).expect("a proxy");
    let world = World::with_facilitator(chain, proxy.url()).await;
    let (served, counts) = market_in(&world, &proxy).await;
    assert_eq!((served, counts.faults.len()), (ALL, 8), "{counts}");
}

#[tokio::test]
async fn buyers_hang_up_and_never_come_back() {
    let (world, proxy) = World::behind(&on_broadcasts(Fault::DropAfter, "every:2")).await;
    let before = balances(&world).await;
    let purchases = Purchase::all(&world).await;
    join_all(purchases.iter().map(|purchase| async {
        let caller = tokio::spawn(world.post(purchase.target, &purchase.body, &purchase.payment).send());
        world.until(purchase.payment.id, |status| status["money"].is_string()).await;
        caller.abort();
    }))
    .await;
    proxy.set(Faults::default());

    let ends = join_all(purchases.iter().map(|purchase| purchase.money(&world))).await;
    let paid: Vec<_> = purchases.iter().zip(&ends).filter(|(_, money)| **money == "settled").collect();
    for (purchase, _) in &paid {
        let status = world.status(purchase.payment.id).await;
        assert_eq!(status["work"], "served", "{status}");
    }
    conserved(&world, &before, paid.iter().map(|(purchase, _)| *purchase)).await;
}
