//! Each fault, as a client meets it, and what the chain has of it.

use std::time::{Duration, Instant};

use devnet::Fault;
use serde_json::{Value, json};

use crate::line::{Line, call};

#[tokio::test]
async fn a_dropped_request_never_arrives_and_a_lost_answer_comes_too_late() {
    let line = Line::with("drop=next:1,drop-after=next:1").await;
    for (fault, sent) in [(Fault::Drop, 0), (Fault::DropAfter, 1)] {
        let error = line.send("eth_sendTransaction", line.wei()).await.unwrap_err();
        assert!(error.is_request() && !error.is_timeout(), "{error:?}");
        assert_eq!(line.fired(fault), 1, "{fault}");
        line.until_sent(sent).await;
    }
    line.ask("eth_sendTransaction", line.wei()).await;
    line.until_sent(2).await;
}

#[tokio::test]
async fn an_answer_can_come_late() {
    let line = Line::with("delay(300ms)").await;
    let began = Instant::now();
    assert_eq!(line.ask("eth_chainId", json!([])).await, "0x14a34");
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_client_is_turned_away_and_told_when_to_come_again() {
    let line = Line::with("429(7)").await;
    let answer = line.send("eth_sendTransaction", line.wei()).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!((line.sent().await, line.proxy.counts().forwarded), (0, 0));
}

#[tokio::test]
async fn a_gateway_fails_after_the_work_was_done() {
    let line = Line::with("502=next:1,504=next:1").await;
    for (status, sent) in [(502, 1), (504, 2)] {
        let answer = line.send("eth_sendTransaction", line.wei()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        line.until_sent(sent).await;
    }
}

#[tokio::test]
async fn garbage_comes_with_the_status_of_success() {
    let line = Line::with("garbage").await;
    let answer = line.send("eth_sendTransaction", line.wei()).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    line.until_sent(1).await;
    assert_eq!(answer.headers()["content-type"], "application/json");
    let body = answer.bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&body).is_err() && std::str::from_utf8(&body).is_err());
}

#[tokio::test]
async fn a_request_arrives_twice_and_either_answer_is_given() {
    let line = Line::with("twice@eth_sendTransaction=next:1,retry@eth_sendTransaction=next:1").await;
    for (fault, given, sent) in [(Fault::Twice, 0, 2), (Fault::Retry, 3, 4)] {
        let hash = line.ask("eth_sendTransaction", line.wei()).await;
        let transaction = line.ask("eth_getTransactionByHash", json!([hash])).await;
        assert_eq!(transaction["nonce"], format!("{given:#x}"), "{fault}");
        line.until_sent(sent).await;
    }
}

#[tokio::test]
async fn an_old_answer_is_given_again_to_the_same_question_only() {
    let line = Line::with("replay").await;
    let before = line.ask("eth_blockNumber", json!([])).await;
    line.chain.mine().await.unwrap();
    let ask = |id| line.request(&call(id, "eth_blockNumber", json!([]))).send();
    let again: Value = ask(5).await.unwrap().json().await.unwrap();
    assert_eq!((&again["id"], &again["result"]), (&json!(5), &before));
    assert_eq!(line.ask("eth_chainId", json!([])).await, "0x14a34");

    let batch = json!([call(1, "eth_blockNumber", json!([]))]);
    let read = async || line.request(&batch).send().await.unwrap().json::<Value>().await.unwrap();
    let first = read().await;
    line.chain.mine().await.unwrap();
    assert_ne!(read().await, first, "a batch passes");

    line.set("replay");
    assert_ne!(line.ask("eth_blockNumber", json!([])).await, before, "nothing is remembered from before");
}

#[tokio::test]
async fn two_answers_change_places() {
    let line = Line::with("swap(20s)=next:1").await;
    let held = tokio::spawn(line.request(&call(1, "eth_chainId", json!([]))).send());
    line.until(|counts| counts.forwarded == 1).await;
    assert!(!held.is_finished());
    line.ask("eth_blockNumber", json!([])).await;
    let answer: Value = held.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(answer["result"], "0x14a34");
}

#[tokio::test]
async fn an_answer_is_not_held_for_ever_and_one_at_a_time() {
    let line = Line::with("swap(200ms)").await;
    let began = Instant::now();
    line.ask("eth_chainId", json!([])).await;
    assert!(began.elapsed() >= Duration::from_millis(200), "nobody else came");

    line.set("swap(20s)");
    let (one, other) = tokio::join!(line.ask("eth_chainId", json!([])), line.ask("eth_chainId", json!([])));
    assert_eq!(one, other);
    assert!(began.elapsed() < Duration::from_secs(10), "the second let the first go");
}

#[tokio::test]
async fn the_answers_of_a_batch_come_in_reverse() {
    let line = Line::with("swap").await;
    let batch = json!([call(1, "eth_chainId", json!([])), call(2, "net_version", json!([]))]);
    let answers: Value = line.request(&batch).send().await.unwrap().json().await.unwrap();
    let got: Vec<_> =
        answers.as_array().unwrap().iter().map(|answer| (&answer["id"], &answer["result"])).collect();
    assert_eq!(got, [(&json!(2), &json!("84532")), (&json!(1), &json!("0x14a34"))]);
}
