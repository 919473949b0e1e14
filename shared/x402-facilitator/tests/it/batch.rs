//! Many payments in few transactions.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use devnet::BlockTime;
use serde_json::{Value, json};
use x402::{Address, B256, ErrorReason, FacilitatorRequest};
use x402_facilitator::{
    Facilitator, FacilitatorError, Journal, JournalError, OnchainFacilitator, OnchainSettings, Outgoing,
    SettleOutcome, Written,
};

use crate::world::{NETWORK, PRICE, World, pauper, settled, transfer};

pub(crate) type Outcome = Result<SettleOutcome, FacilitatorError>;

pub(crate) async fn all(
    facilitator: &Arc<OnchainFacilitator>,
    requests: Vec<FacilitatorRequest>,
) -> Vec<Outcome> {
    let settle = |request: FacilitatorRequest| {
        let facilitator = Arc::clone(facilitator);
        tokio::spawn(async move { facilitator.settle(&request).await })
    };
    let settling: Vec<_> = requests.into_iter().map(settle).collect();
    let mut outcomes = Vec::new();
    for one in settling {
        outcomes.push(one.await.expect("runs"));
    }
    outcomes
}

/// What is written down, and whether the chain knew of it before.
#[derive(Default)]
pub(crate) struct Notes {
    rpc_url: String,
    full: bool,
    taken: bool,
    written: Mutex<Vec<(B256, usize, bool)>>,
    pub(crate) transactions: Mutex<Vec<Written>>,
}

impl Notes {
    pub(crate) fn of(world: &World) -> Self {
        Self { rpc_url: world.devnet.rpc_url().to_owned(), ..Self::default() }
    }
}

#[async_trait]
impl Journal for Notes {
    async fn hold(&self, _: Address) -> Result<bool, JournalError> {
        Ok(!self.taken)
    }

    async fn sending(&self, transaction: &Outgoing<'_>) -> Result<(), JournalError> {
        if self.full {
            return Err(JournalError::new("the disk is full"));
        }
        let known = lookup(&self.rpc_url, transaction.hash).await;
        let written =
            Written { hash: transaction.hash, nonce: transaction.nonce, raw: transaction.raw.clone() };
        self.transactions.lock().expect("not poisoned").push(written);
        self.written.lock().expect("not poisoned").push((
            transaction.hash,
            transaction.payments.len(),
            known,
        ));
        Ok(())
    }

    async fn written(&self, _: Address) -> Result<Vec<Written>, JournalError> {
        Ok(self.transactions.lock().expect("not poisoned").clone())
    }

    async fn forget(&self, _: Address, below: u64) -> Result<(), JournalError> {
        self.transactions.lock().expect("not poisoned").retain(|written| written.nonce >= below);
        Ok(())
    }
}

async fn lookup(rpc_url: &str, transaction: B256) -> bool {
    let request =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionByHash", "params": [transaction] });
    let sent = reqwest::Client::new().post(rpc_url).json(&request).send().await.expect("answers");
    !sent.json::<Value>().await.expect("JSON")["result"].is_null()
}

pub(crate) fn noted(
    world: &World,
    full: bool,
    settings: OnchainSettings,
) -> (Arc<OnchainFacilitator>, Arc<Notes>) {
    let notes = Arc::new(Notes { full, ..Notes::of(world) });
    let journal: Arc<dyn Journal> = Arc::clone(&notes) as Arc<dyn Journal>;
    let facilitator = OnchainFacilitator::with_journal(world.chain(), world.signers(1), settings, journal);
    (Arc::new(facilitator.expect("a signer")), notes)
}

#[tokio::test]
async fn sixty_four_payments_at_once_take_few_transactions() {
    let world = World::with(BlockTime::Seconds(1)).await;
    let facilitator = Arc::new(world.facilitator(1));
    let requests: Vec<_> = (0..64).map(|index| world.payment(&world.buyer(index % 40))).collect();
    let mut held = 0;
    for buyer in 0..40 {
        held += world.balance(world.buyer(buyer).address()).await;
    }
    let mut transactions = HashSet::new();
    let mut proofs = HashSet::new();
    for outcome in all(&facilitator, requests).await {
        let settled = settled(outcome.expect("settles"));
        transactions.insert(settled.transaction);
        proofs.insert((settled.block_hash, settled.log_index));
    }
    let most = 1 + OnchainSettings::default().max_in_flight;
    assert!(transactions.len() <= most, "{} transactions", transactions.len());
    assert_eq!(proofs.len(), 64, "each has a proof of its own");
    for buyer in 0..40 {
        held -= world.balance(world.buyer(buyer).address()).await;
    }
    assert_eq!((held, world.earned().await), (64 * PRICE.atomic(), 64 * PRICE.atomic()));
}

/// A facilitator whose signer is busy with a payment, so that what comes next waits and goes together.
async fn busy(world: &World) -> (Arc<OnchainFacilitator>, tokio::task::JoinHandle<Outcome>) {
    world.devnet.pause_mining().await.expect("pauses");
    let facilitator = Arc::new(world.one_at_a_time());
    let first = world.payment(&world.buyer(48));
    let settling = tokio::spawn({
        let facilitator = Arc::clone(&facilitator);
        async move { facilitator.settle(&first).await }
    });
    world.wait_for_pending(1).await;
    (facilitator, settling)
}

#[tokio::test]
async fn a_bad_payment_does_not_spoil_its_batch() {
    let world = World::automine().await;
    let used = world.payment(&world.buyer(1));
    settled(world.facilitator(1).settle(&used).await.expect("settles"));
    let cancelled = world.payment(&world.buyer(2));
    world
        .cancel(&world.buyer(2), cancelled.payment_payload.exact().expect("exact").authorization.nonce)
        .await;
    let owner = world.buyer(3);
    let wallet = world.devnet.deploy_wallet(owner.address()).await.expect("deploys");
    world.devnet.mint(wallet, alloy::primitives::U256::from(PRICE.atomic())).await.expect("mints");
    let by_code = world.request(&world.authorization(wallet).sign(&NETWORK.usdc(), &owner));

    let (facilitator, first) = busy(&world).await;
    let mut requests = vec![world.payment(&pauper()), used, cancelled, by_code];
    requests.extend((4..10).map(|buyer| world.payment(&world.buyer(buyer))));
    let mining = async {
        tokio::task::yield_now().await;
        world.devnet.resume_mining().await.expect("resumes");
        world.devnet.mine().await.expect("mines");
    };
    let (outcomes, ()) = tokio::join!(all(&facilitator, requests), mining);
    settled(first.await.expect("runs").expect("settles"));

    let mut outcomes = outcomes.into_iter().map(|outcome| outcome.expect("answers"));
    let mut next = || outcomes.next().expect("one for each");
    let failed = |reason| SettleOutcome::Failed { reason, transaction: None };
    assert_eq!(next(), failed(ErrorReason::INSUFFICIENT_FUNDS));
    settled(next());
    assert_eq!(next(), failed(ErrorReason::AUTHORIZATION_BURNED));
    let alone = settled(next());
    let together: HashSet<_> = (4..10).map(|_| settled(next()).transaction).collect();
    assert_eq!(together.len(), 1);
    assert!(!together.contains(&alone.transaction), "a payer with code settles alone");
    assert_eq!(world.earned().await, 9 * PRICE.atomic());
}

#[tokio::test]
async fn a_payer_whose_key_signed_and_whose_account_has_code_settles_alone() {
    let world = World::automine().await;
    // Accepts every signature: PUSH4 0x1626ba7e, as the first four bytes of a word, returned.
    let code = "0x631626ba7e60e01b60005260206000f3";
    world.devnet.rpc::<()>("anvil_setCode", (world.buyer(6).address(), code)).await.expect("sets");
    let (facilitator, first) = busy(&world).await;
    let requests: Vec<_> = (4..9).map(|buyer| world.payment(&world.buyer(buyer))).collect();
    let mining = async {
        tokio::task::yield_now().await;
        world.devnet.resume_mining().await.expect("resumes");
        world.devnet.mine().await.expect("mines");
    };
    let (outcomes, ()) = tokio::join!(all(&facilitator, requests), mining);
    settled(first.await.expect("runs").expect("settles"));
    let transactions: Vec<_> =
        outcomes.into_iter().map(|outcome| settled(outcome.expect("settles")).transaction).collect();
    let others: HashSet<_> = [0, 1, 3, 4].map(|index: usize| transactions[index]).into();
    assert_eq!(others.len(), 1);
    assert!(!others.contains(&transactions[2]));
}

#[tokio::test]
async fn a_payment_that_fails_inside_its_batch_gets_its_own_reason() {
    let world = World::automine().await;
    let payer = pauper();
    world.devnet.mint(payer.address(), alloy::primitives::U256::from(PRICE.atomic())).await.expect("mints");
    let (facilitator, first) = busy(&world).await;
    let (rival, poor, stolen) =
        (world.payment(&payer), world.payment(&payer), world.payment(&world.buyer(5)));
    let mut requests = vec![poor, stolen.clone()];
    requests.extend((6..9).map(|buyer| world.payment(&world.buyer(buyer))));
    let meddling = async {
        tokio::task::yield_now().await;
        world.devnet.mine().await.expect("mines");
        world.wait_for_pending(1).await;
        world.submit(transfer(&rival.payment_payload.exact().expect("exact")), 50).await;
        world.wait_for_pending(2).await;
        let theft = json!({
            "from": world.devnet.buyer(47).address, "to": NETWORK.usdc().address, "gas": "0x30d40",
            "data": x402::Bytes::from(transfer(&stolen.payment_payload.exact().expect("exact"))),
            "maxPriorityFeePerGas": "0xba43b7400", "maxFeePerGas": "0xdf8475800",
        });
        let theirs = world.send(theft).await;
        world.wait_for_pending(3).await;
        world.devnet.resume_mining().await.expect("resumes");
        world.devnet.mine().await.expect("mines");
        theirs
    };
    let (outcomes, theirs) = tokio::join!(all(&facilitator, requests), meddling);
    settled(first.await.expect("runs").expect("settles"));
    let outcomes: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("answers")).collect();
    assert!(
        matches!(&outcomes[0], SettleOutcome::Failed { reason, transaction: Some(_) } if *reason == ErrorReason::INSUFFICIENT_FUNDS),
        "{:?}",
        outcomes[0]
    );
    assert_eq!(settled(outcomes[1].clone()).transaction, theirs);
    let ours: HashSet<_> = outcomes[2..].iter().map(|outcome| settled(outcome.clone()).transaction).collect();
    assert_eq!(ours.len(), 1);
    assert_eq!(world.earned().await, 6 * PRICE.atomic());
}

#[tokio::test]
async fn a_transaction_is_written_down_before_the_chain_sees_it() {
    let world = World::automine().await;
    let (facilitator, notes) = noted(&world, false, OnchainSettings::default());
    let proof = settled(facilitator.settle(&world.payment(&world.buyer(0))).await.expect("settles"));
    assert_eq!(*notes.written.lock().expect("not poisoned"), [(proof.transaction, 1, false)]);

    let (facilitator, _) = noted(&world, true, OnchainSettings::default());
    let outcome = facilitator.settle(&world.payment(&world.buyer(0))).await;
    assert!(matches!(outcome, Err(FacilitatorError::Journal(_))), "{outcome:?}");
    assert_eq!(world.earned().await, PRICE.atomic(), "nothing was sent");
}

#[tokio::test]
async fn a_stuck_transaction_is_replaced_by_one_that_offers_more() {
    let world = World::automine().await;
    world.devnet.pause_mining().await.expect("pauses");
    let settings =
        OnchainSettings { stuck_timeout: Duration::from_millis(300), ..OnchainSettings::default() };
    let (facilitator, notes) = noted(&world, false, settings);
    let request = world.payment(&world.buyer(0));
    let settling = tokio::spawn(async move { facilitator.settle(&request).await });
    world.wait_for_pending(1).await;
    let first = notes.written.lock().expect("not poisoned")[0].0;
    let sent: Value = world.devnet.rpc("eth_getTransactionByHash", [first]).await.expect("answers");
    let offered: alloy::primitives::U256 = sent["maxFeePerGas"].as_str().expect("text").parse().expect("hex");
    let base_fee = offered + offered / alloy::primitives::U256::from(20);
    world.devnet.rpc::<Value>("anvil_setNextBlockBaseFeePerGas", [base_fee]).await.expect("sets");
    let second = loop {
        let written = notes.written.lock().expect("not poisoned").clone();
        if let [_, (second, ..)] = written[..]
            && lookup(world.devnet.rpc_url(), second).await
        {
            break second;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    world.devnet.mine().await.expect("mines");
    let proof = settled(settling.await.expect("runs").expect("settles"));
    assert_eq!(proof.transaction, second);
    assert_ne!(first, second);
    assert_eq!(world.earned().await, PRICE.atomic());
}

#[tokio::test]
async fn fees_above_the_limit_send_nothing() {
    let world = World::automine().await;
    let settings = OnchainSettings { max_fee_per_gas: 1, ..OnchainSettings::default() };
    let (facilitator, notes) = noted(&world, false, settings);
    let outcome = facilitator.settle(&world.payment(&world.buyer(0))).await;
    assert!(matches!(outcome, Err(FacilitatorError::GasPrice { limit: 1, .. })), "{outcome:?}");
    assert!(notes.written.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn a_dropped_facilitator_finishes_what_waits() {
    let world = World::automine().await;
    let facilitator = world.facilitator(1);
    for _ in 0..3 {
        let request = world.payment(&world.buyer(0));
        let settling = facilitator.settle(&request);
        assert!(tokio::time::timeout(Duration::ZERO, settling).await.is_err(), "too soon to be answered");
    }
    drop(facilitator);
    while world.earned().await < 3 * PRICE.atomic() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_an_earlier_process_sent_and_nobody_took_is_sent_again_as_it_was() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let (facilitator, notes) = {
        let deaf = crate::proxy::start(world.devnet.rpc_url(), |method| match method {
            "eth_sendRawTransactionSync" | "eth_sendRawTransaction" => crate::proxy::Action::Fail,
            _ => crate::proxy::Action::Pass,
        });
        let notes = Arc::new(Notes::of(&world));
        let journal: Arc<dyn Journal> = Arc::clone(&notes) as Arc<dyn Journal>;
        let settings =
            OnchainSettings { settle_timeout: Duration::from_secs(1), ..OnchainSettings::default() };
        let chain = crate::world::chain_at(&deaf.await);
        let facilitator = OnchainFacilitator::with_journal(chain, world.signers(1), settings, journal);
        (facilitator.expect("a signer"), notes)
    };
    let outcome = facilitator.settle(&request).await;
    assert!(matches!(outcome, Ok(SettleOutcome::Unknown { transaction: Some(_), .. })), "{outcome:?}");
    drop(facilitator);
    assert_eq!(world.earned().await, 0);

    let sent = notes.transactions.lock().expect("not poisoned")[0].hash;
    let next = OnchainFacilitator::with_journal(
        world.chain(),
        world.signers(1),
        OnchainSettings::default(),
        Arc::clone(&notes) as Arc<dyn Journal>,
    )
    .expect("a signer");
    let proof = settled(next.settle(&request).await.expect("settles"));
    assert_eq!(proof.transaction, sent, "the same transaction, not another one");
    assert_eq!(world.earned().await, PRICE.atomic());
}

#[tokio::test]
async fn a_signer_of_another_process_is_not_used() {
    let world = World::automine().await;
    let notes = Notes { rpc_url: world.devnet.rpc_url().to_owned(), taken: true, ..Notes::default() };
    let facilitator = OnchainFacilitator::with_journal(
        world.chain(),
        world.signers(1),
        OnchainSettings { settle_timeout: Duration::from_secs(1), ..OnchainSettings::default() },
        Arc::new(notes),
    )
    .expect("a signer");
    facilitator.start();
    tokio::task::yield_now().await;
    let outcome = facilitator.settle(&world.payment(&world.buyer(0))).await;
    assert!(matches!(outcome, Err(FacilitatorError::Busy)), "{outcome:?}");
    assert_eq!(world.earned().await, 0);
}
