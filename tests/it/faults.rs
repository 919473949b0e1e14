//! The service's way to its RPC has faults. Whatever they are, a payment is settled once and served, or refused and free;
//! everybody is answered, and when the faults end the service goes on as if nothing had been.

use std::time::{Duration, Instant};

use devnet::{Fault, FaultProxy, Faults};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::{Answer, FLOWS, PRICE, Signed, World};

const BUYERS: usize = 8;
/// Purchases of each buyer, one after the other, in both flows.
const ROUNDS: usize = 2;
/// The longest that anybody waits for one answer: the settlement's own limit, and the questions before it.
const LONGEST_ANSWER: Duration = Duration::from_secs(45);
/// The longest that a purchase takes, faults and all.
const LONGEST_PURCHASE: Duration = Duration::from_secs(90);

/// What one buyer wants once.
struct Purchase {
    target: &'static str,
    body: Value,
    payment: Signed,
}

/// How a purchase ended for its buyer.
enum End {
    Served(Value),
    Refused(String),
}

impl Purchase {
    async fn prepare(world: &World, buyer: usize, target: &'static str, round: usize) -> Self {
        let body = json!({ "note": format!("{buyer} {round}") });
        let payment = world.sign(buyer, target, &body).await;
        Self { target, body, payment }
    }

    /// Sends the same payment until the service has made up its mind.
    async fn insist(&self, world: &World) -> End {
        let patience = Instant::now() + LONGEST_PURCHASE;
        loop {
            let request = world.post(self.target, &self.body, &self.payment);
            let answer = timeout(LONGEST_ANSWER, Answer::of(request)).await.expect("nobody waits for ever");
            match answer.status.as_u16() {
                200 => return End::Served(answer.json()),
                402 => { eprintln!("REFUSED {} {} {:?} status {}", self.target, self.payment.id, answer.reason(), world.status(self.payment.id).await); return End::Refused(answer.reason()) }
                409 | 503 => { eprintln!("WAIT {} {} {}", self.target, self.payment.id, answer.json()); assert!(answer.headers.contains_key("retry-after"), "{}", answer.json()) }
                status => panic!("{status}: {}", answer.json()),
            }
            assert!(Instant::now() < patience, "not done: {}", answer.json());
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// What the ledger says in the end must be what the buyer was told.
    async fn audit(&self, world: &World, end: &End) {
        let runs = world.service.runs(self.payment.id);
        match end {
            End::Served(answer) => {
                assert_eq!((&answer["note"], runs), (&self.body["note"], 1));
                let status = world.until(self.payment.id, |status| status["money"] == "settled").await;
                assert_eq!(status["work"], "served");
            }
            End::Refused(reason) => {
                let status = world.status(self.payment.id).await;
                assert_ne!(status["money"], "settled", "refused ({reason}) and charged");
            }
        }
    }
}

/// All buyers buy at once; afterwards the books must agree. Gives the number of payments that were served.
async fn market(world: &World) -> usize {
    let before = balances(world).await;
    let served = join_all((0..BUYERS).map(|buyer| async move {
        let mut served = 0;
        for (round, target) in (0..ROUNDS).flat_map(|round| FLOWS.map(|target| (round, target))) {
            let purchase = Purchase::prepare(world, buyer, target, round).await;
            let end = purchase.insist(world).await;
            purchase.audit(world, &end).await;
            served += usize::from(matches!(end, End::Served(_)));
        }
        served
    }))
    .await;
    let after = balances(world).await;
    for (buyer, served) in served.iter().enumerate() {
        assert_eq!(before[buyer] - after[buyer], *served as u64 * PRICE.atomic(), "buyer {buyer}");
    }
    let served = served.iter().sum();
    assert_eq!(world.earned().await, served as u64 * PRICE.atomic(), "debits are credits");
    served
}

async fn balances(world: &World) -> Vec<u64> {
    join_all((0..BUYERS).map(|buyer| world.balance(world.buyer(buyer).address()))).await
}

/// Once the faults have ended everybody is served at the first try.
async fn recovered(world: &World, proxy: &FaultProxy) {
    proxy.set(Faults::default());
    for (buyer, target) in FLOWS.into_iter().enumerate() {
        let purchase = Purchase::prepare(world, buyer, target, ROUNDS).await;
        let answer = world.pay(target, &purchase.body, &purchase.payment).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.json());
    }
}

const ALL: usize = BUYERS * ROUNDS * FLOWS.len();

#[tokio::test]
async fn answers_to_broadcasts_are_lost() {
    let lost = "drop-after@eth_sendRawTransactionSync=0.5,drop-after@eth_sendRawTransaction=0.5,seed=1";
    let (world, proxy) = World::behind(lost).await;
    assert_eq!(market(&world).await, ALL);
    assert!(proxy.counts().of(Fault::DropAfter) > 0);
    recovered(&world, &proxy).await;
}

#[tokio::test]
async fn one_request_in_ten_is_turned_away() {
    let (world, proxy) = World::behind("429=0.1,seed=2").await;
    assert_eq!(market(&world).await, ALL);
    assert!(proxy.counts().of(Fault::TooManyRequests { retry_after: 1 }) > 0);
    recovered(&world, &proxy).await;
}

#[tokio::test]
async fn the_rpc_goes_in_the_middle_of_a_settlement_and_comes_back() {
    let gone = Fault::Gone(Duration::from_secs(2));
    for method in ["eth_sendRawTransactionSync", "eth_call"] {
        let (world, proxy) = World::behind(&format!("{gone}@{method}=every:9")).await;
        assert_eq!(market(&world).await, ALL);
        assert!(proxy.counts().of(gone) > 0);
        recovered(&world, &proxy).await;
    }
}

#[tokio::test]
async fn broadcasts_arrive_twice() {
    for fault in [Fault::Twice, Fault::Retry] {
        let twice = format!("{fault}@eth_sendRawTransactionSync,{fault}@eth_sendRawTransaction");
        let (world, proxy) = World::behind(&twice).await;
        assert_eq!(market(&world).await, ALL);
        assert!(proxy.counts().of(fault) >= ALL as u64);
        recovered(&world, &proxy).await;
    }
}

#[tokio::test]
async fn everything_goes_wrong_at_once() {
    let all = "stale(2)=0.05,swap(200ms)=0.05,replay=0.05,garbage=0.05,502=0.05,504=0.05,drop=0.05,drop-after=0.05,\
               delay(100ms)=0.05,twice=0.05,retry=0.05,seed=3";
    let (world, proxy) = World::behind(all).await;
    market(&world).await;
    println!("{}", proxy.counts());
    recovered(&world, &proxy).await;
}
