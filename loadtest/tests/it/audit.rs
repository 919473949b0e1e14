//! What is planted is found.

use loadtest::result::RunResult;

use crate::seller::{Habit, Stall};

fn class(result: &RunResult, class: &str) -> u64 {
    result.money.as_ref().expect("an audit").classes[class]
}

fn assert_leak(result: &RunResult, words: &str) {
    assert!(!result.verdict.passed);
    assert!(result.verdict.leaks.iter().any(|leak| leak.contains(words)), "{:?}", result.verdict.leaks);
}

#[tokio::test]
async fn an_honest_seller_passes_to_the_atomic_unit() {
    let result = Stall::open(Habit::Honest).await.run().await;
    assert!(result.verdict.passed, "{:?}", result.verdict);
    assert_eq!(class(&result, "served_paid"), 20);
    let money = result.money.expect("an audit");
    let paid = "0.02".parse().expect("dollars");
    assert_eq!((money.debits, money.balances, money.signed, money.claimed), (paid, paid, paid, paid));
    assert_eq!(money.credits.values().copied().collect::<Vec<_>>(), [paid]);
    assert_eq!(money.ledger, None, "this seller shows no ledger");
    let cost = result.cost.expect("the gas");
    assert_eq!((cost.payments, cost.transactions), (20, 20));
}

#[tokio::test]
async fn a_double_settlement_is_found() {
    let result = Stall::open(Habit::Twice).await.run().await;
    assert_eq!((class(&result, "double_paid"), class(&result, "served_paid")), (4, 16));
    assert_leak(&result, "4 payments are double_paid");
    let money = result.money.expect("an audit");
    assert_eq!(money.debits, "0.024".parse().expect("dollars"), "and every debit is counted");
}

#[tokio::test]
async fn a_payment_without_an_answer_is_found() {
    let result = Stall::open(Habit::KeepsMoney).await.run().await;
    assert_eq!(class(&result, "paid_unserved"), 4);
    assert_leak(&result, "4 payments are paid_unserved");
}

#[tokio::test]
async fn money_that_came_back_is_looked_up_on_the_chain() {
    let result = Stall::open(Habit::GivesBack).await.run().await;
    assert_eq!((class(&result, "refunded"), class(&result, "served_paid")), (4, 16));
    assert!(result.verdict.passed, "{:?}", result.verdict);
    let money = result.money.expect("an audit");
    let dollars = |text: &str| text.parse().expect("dollars");
    assert_eq!(
        (money.debits, money.returns, money.balances),
        (dollars("0.02"), dollars("0.004"), dollars("0.016"))
    );

    let promised = Stall::open(Habit::PromisesBack).await.run().await;
    assert_eq!(class(&promised, "pending"), 4, "its ledger says refunded, the chain does not");
    assert_leak(&promised, "4 payments are pending");
}

#[tokio::test]
async fn a_statement_that_says_another_thing_than_is_shown_is_found() {
    let result = Stall::open(Habit::SignsOtherwise).await.run().await;
    assert_eq!(class(&result, "refunded"), 4, "the chain has it");
    assert_leak(&result, "4 signed statuses say another thing");
}

#[tokio::test]
async fn a_statement_by_a_key_that_the_payee_did_not_name_proves_nothing() {
    for habit in [Habit::SignsWithAnyKey, Habit::SignsNothing] {
        let result = Stall::open(habit).await.run().await;
        assert_leak(&result, "4 statuses are not signed by who may sign for the seller");
        assert_eq!(class(&result, "refunded"), 0, "{habit:?}: what nobody answers for is not believed");
        assert_eq!(result.money.expect("an audit").unproven, 4);
    }
}

#[tokio::test]
async fn an_answer_without_a_payment_is_found() {
    let result = Stall::open(Habit::GivesAway).await.run().await;
    assert_eq!(class(&result, "served_unpaid"), 4);
    assert_leak(&result, "4 payments are served_unpaid");
}

#[tokio::test]
async fn money_that_leaves_a_buyer_by_other_means_is_found() {
    let result = Stall::open(Habit::Helps).await.run().await;
    assert_eq!(class(&result, "served_paid"), 20, "each payment is in order");
    assert_leak(&result, "4 transfers, $0.004 in all, left the buyers without a payment of this run");
}

#[tokio::test]
async fn a_seller_that_tells_more_time_than_passed_shows_in_the_sum() {
    let result = Stall::open(Habit::Exaggerates).await.run().await;
    assert!(result.additivity.parts_s > 10.0 * result.additivity.total_s, "{:?}", result.additivity);
    let honest = Stall::open(Habit::Honest).await.run().await.additivity;
    assert!((honest.parts_s / honest.total_s - 1.0).abs() < 0.01, "{honest:?}");
}
