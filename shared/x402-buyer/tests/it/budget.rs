//! Limits hold, whoever spends: calls, tasks and processes.

use std::time::Duration;

use x402::{PaymentRequirements, Usdc};
use x402_buyer::{
    Budget, BudgetExceeded, Budgets, Policy, Request, SendError, Terms, UnixMillis,
    budget::{Frees, Scope},
};

use crate::support::{Buyer, BuyerProcess, Seller, ask_for, offer, settled};

fn limited(name: &str, budget: Budget) -> Policy {
    let mut budgets = Budgets::default();
    budgets.set(name, budget);
    Policy { budgets, ..Buyer::policy() }
}

const fn units(units: u64) -> Option<Usdc> {
    Some(Usdc::from_atomic(units))
}

async fn seller() -> Seller {
    Seller::selling(offer(), |_| std::future::ready(settled("sold"))).await
}

fn exceeded(error: SendError) -> BudgetExceeded {
    match error {
        SendError::Budget(exceeded) => *exceeded,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_day_is_any_24_hours_and_the_refusal_says_when_it_frees() {
    let (seller, buyer) = (seller().await, Buyer::new());
    let client =
        buyer.client_with(limited("total", Budget { per_day: units(2500), ..Budget::default() })).await;
    let request = Request::get(&seller.url).unwrap();
    let before = UnixMillis::now();
    client.send(&request, &Terms::default()).await.unwrap();
    client.send(&request, &Terms::default()).await.unwrap();
    let refusal = exceeded(client.send(&request, &Terms::default()).await.unwrap_err());
    assert_eq!((refusal.budget.as_str(), refusal.scope), ("total", Scope::Day));
    assert_eq!(
        (refusal.limit, refusal.spent, refusal.price),
        (Usdc::from_atomic(2500), Usdc::from_atomic(2000), offer().amount)
    );
    let day = Duration::from_secs(24 * 60 * 60);
    let Frees::At(time) = refusal.frees else { panic!("{refusal:?}") };
    assert!(
        (before.after(day)..=UnixMillis::now().after(day)).contains(&time),
        "a day after the first payment"
    );
    assert_eq!(seller.payments().len(), 2);
    assert_eq!(buyer.signed().await, 2, "the refused call signed nothing");
}

#[tokio::test]
async fn a_price_above_a_calls_limit_never_fits() {
    let (seller, buyer) = (seller().await, Buyer::new());
    let client =
        buyer.client_with(limited("total", Budget { per_call: units(999), ..Budget::default() })).await;
    let refusal =
        exceeded(client.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await.unwrap_err());
    assert_eq!((refusal.scope, refusal.frees), (Scope::Call, Frees::Never));
    assert_eq!(buyer.signed().await, 0);
}

#[tokio::test]
async fn hosts_and_payees_have_limits_of_their_own() {
    let (one, other) = (seller().await, seller().await);
    let buyer = Buyer::new();
    let budget = Budget { per_host_day: units(1000), per_payee_day: units(2000), ..Budget::default() };
    let client = buyer.client_with(limited("total", budget)).await;
    let (one, other) = (Request::get(&one.url).unwrap(), Request::get(&other.url).unwrap());
    client.send(&one, &Terms::default()).await.unwrap();
    assert_eq!(exceeded(client.send(&one, &Terms::default()).await.unwrap_err()).scope, Scope::HostDay);
    client.send(&other, &Terms::default()).await.unwrap();
    let elsewhere = seller().await;
    let third = client.send(&Request::get(&elsewhere.url).unwrap(), &Terms::default()).await;
    assert_eq!(exceeded(third.unwrap_err()).scope, Scope::PayeeDay, "the same payee behind every host");
}

#[tokio::test]
async fn a_named_budget_limits_its_own_calls_alone() {
    let (seller, buyer) = (seller().await, Buyer::new());
    let client =
        buyer.client_with(limited("research", Budget { per_day: units(1000), ..Budget::default() })).await;
    let request = Request::get(&seller.url).unwrap();
    let research = Terms { budget: Some("research".to_owned()), ..Terms::default() };
    client.send(&request, &Terms::default()).await.unwrap();
    client.send(&request, &research).await.unwrap();
    assert_eq!(exceeded(client.send(&request, &research).await.unwrap_err()).budget, "research");
    client.send(&request, &Terms::default()).await.unwrap();
    let unknown = Terms { budget: Some("reserach".to_owned()), ..Terms::default() };
    let error = client.send(&request, &unknown).await.unwrap_err();
    assert!(matches!(error, SendError::UnknownBudget(_)), "{error:?}");
}

#[tokio::test]
async fn money_of_another_network_does_not_count() {
    let base = x402::Network::Base;
    let mainnet = PaymentRequirements::exact(base, Usdc::from_atomic(1000), offer().pay_to, 60);
    let both = Seller::start(move |call| {
        let asked = if call.target == "/base" { ask_for(&mainnet) } else { ask_for(&offer()) };
        std::future::ready(if call.is_paid() { settled("") } else { asked })
    })
    .await;
    let buyer = Buyer::new();
    let policy = limited("total", Budget { per_day: units(1000), ..Budget::default() });
    let sepolia = buyer.client_with(policy.clone()).await;
    sepolia.send(&Request::get(&both.url).unwrap(), &Terms::default()).await.unwrap();
    let mainnet = buyer.client_with(Policy { network: base, ..policy }).await;
    mainnet.send(&Request::get(&format!("{}/base", both.url)).unwrap(), &Terms::default()).await.unwrap();
}

#[tokio::test]
async fn concurrent_calls_of_several_ledgers_never_overspend() {
    let (seller, buyer) = (seller().await, Buyer::new());
    let request = Request::get(&seller.url).unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let client =
            buyer.client_with(limited("total", Budget { per_day: units(5000), ..Budget::default() })).await;
        for _ in 0..5 {
            let (client, request) = (client.clone(), request.clone());
            calls.spawn(async move { client.send(&request, &Terms::default()).await });
        }
    }
    let outcomes = calls.join_all().await;
    let refused = outcomes.into_iter().filter_map(Result::err).map(exceeded).count();
    assert_eq!((seller.payments().len(), refused), (5, 15));
}

#[tokio::test]
async fn concurrent_processes_never_overspend() {
    let seller = seller().await;
    let buyer = BuyerProcess::new().await;
    assert!(buyer.run(&["budget", "set", "total", "--per-day", "0.003"]).await.status.success());
    let processes: Vec<_> = (0..8).map(|_| buyer.spawn(&["pay", &seller.url])).collect();
    let mut codes = Vec::new();
    for process in processes {
        codes.push(process.wait_with_output().await.unwrap().status.code().unwrap());
    }
    codes.sort_unstable();
    assert_eq!(codes, [0, 0, 0, 77, 77, 77, 77, 77]);
    assert_eq!(seller.payments().len(), 3);
}
