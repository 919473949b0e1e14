//! When a fault strikes, and whom.

use devnet::Fault;
use serde_json::{Value, json};

use crate::line::{Line, call};

const TURNED_AWAY: Fault = Fault::TooManyRequests { retry_after: 1 };

impl Line {
    /// Which of so many calls are turned away.
    async fn turned_away(&self, method: &str, calls: usize) -> Vec<usize> {
        let mut away = Vec::new();
        for nth in 1..=calls {
            if self.send(method, json!([])).await.unwrap().status() == 429 {
                away.push(nth);
            }
        }
        away
    }
}

#[tokio::test]
async fn every_nth_and_the_next_n() {
    let line = Line::with("429=every:3").await;
    assert_eq!(line.turned_away("eth_chainId", 10).await, [3, 6, 9]);
    line.set("429=next:2");
    assert_eq!(line.turned_away("eth_chainId", 10).await, [1, 2]);
    assert_eq!(line.fired(TURNED_AWAY), 5);
    line.set("");
    assert_eq!(line.turned_away("eth_chainId", 3).await, [0; 0]);
}

#[tokio::test]
async fn a_seed_makes_the_same_choices_again() {
    let line = Line::with("429=0.3,seed=7").await;
    let first = line.turned_away("eth_chainId", 200).await;
    assert!((30..90).contains(&first.len()), "about 60 of 200: {}", first.len());
    line.set("429=0.3,seed=7");
    assert_eq!(line.turned_away("eth_chainId", 200).await, first);
    line.set("429=0.3,seed=8");
    assert_ne!(line.turned_away("eth_chainId", 200).await, first);
    for (faults, expected) in [("429=0", 0), ("429=1", 20)] {
        line.set(faults);
        assert_eq!(line.turned_away("eth_chainId", 20).await.len(), expected);
    }
}

#[tokio::test]
async fn the_choices_for_one_method_do_not_hang_on_the_others() {
    let line = Line::with("429@eth_chainId=0.5,429@net_version=0.5,seed=1").await;
    let undisturbed = line.turned_away("eth_chainId", 50).await;
    line.set("429@eth_chainId=0.5,429@net_version=0.5,seed=1");
    let mut disturbed = Vec::new();
    for nth in 1..=50 {
        line.turned_away("net_version", nth % 3).await;
        disturbed.extend(line.turned_away("eth_chainId", 1).await.iter().map(|_| nth));
    }
    assert_eq!(disturbed, undisturbed);
}

#[tokio::test]
async fn a_scope_is_a_method_or_a_path() {
    let line = Line::with("429@eth_chainId").await;
    assert!(line.turned_away("net_version", 3).await.is_empty());
    assert_eq!(line.turned_away("eth_chainId", 3).await, [1, 2, 3]);
    let batch = |methods: [&str; 2]| json!(methods.map(|method| call(1, method, json!([]))));
    let status = async |body: &Value| line.request(body).send().await.unwrap().status();
    assert_eq!(status(&batch(["net_version", "eth_chainId"])).await, 429);
    assert_eq!(status(&batch(["net_version", "net_version"])).await, 200);

    line.set("429@/settle");
    let status = async |path: &str| line.client.get(line.proxy.url() + path).send().await.unwrap().status();
    assert_eq!(status("/settle").await, 429);
    assert_eq!(status("/settle?x=1").await, 429);
    assert_ne!(status("/settled").await, 429);
    assert_ne!(status("/verify").await, 429);
}

#[tokio::test]
async fn the_first_rule_that_fires_decides() {
    let line = Line::with("502@net_version,429=every:2").await;
    assert_eq!(line.send("net_version", json!([])).await.unwrap().status(), 502);
    assert_eq!(
        line.turned_away("eth_chainId", 4).await,
        [2, 4],
        "the first call does not count for the second rule"
    );
}
