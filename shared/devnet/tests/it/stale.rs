//! A node that lags behind.

use alloy_primitives::U256;
use serde_json::{Value, json};

use crate::line::{Line, call};

/// A chain that has grown by three blocks, of which the middle one has a transaction; and its head, before and after.
async fn grown() -> (Line, u64, Value) {
    let line = Line::with("").await;
    line.chain.pause_mining().await.unwrap();
    let before = number(&line.ask("eth_blockNumber", json!([])).await);
    line.chain.mine().await.unwrap();
    let hash = line.ask("eth_sendTransaction", line.wei()).await;
    line.chain.mine().await.unwrap();
    line.chain.mine().await.unwrap();
    assert_eq!(number(&line.ask("eth_blockNumber", json!([])).await), before + 3);
    (line, before, hash)
}

fn number(value: &Value) -> u64 {
    serde_json::from_value::<U256>(value.clone()).unwrap().to()
}

#[tokio::test]
async fn what_is_newest_is_some_blocks_old() {
    let (line, before, _) = grown().await;
    let payee = line.chain.pay_to().rng;
    let of = |block: String| json!([payee, block]);
    let balance = line.ask("eth_getBalance", of(format!("{before:#x}"))).await;
    assert_ne!(line.ask("eth_getBalance", of("latest".into())).await, balance);

    line.set("stale(2)");
    assert_eq!(number(&line.ask("eth_blockNumber", json!([])).await), before + 1);
    for block in ["latest", "pending"] {
        let head = line.ask("eth_getBlockByNumber", json!([block, false])).await;
        assert_eq!(number(&head["number"]), before + 1);
        assert_eq!(line.ask("eth_getBalance", of(block.into())).await, balance);
    }
    assert_eq!(line.ask("eth_getBalance", json!([payee])).await, balance, "no block means the newest");

    line.set("stale(1000)");
    assert_eq!(number(&line.ask("eth_blockNumber", json!([])).await), 0, "and no older than the first");
}

#[tokio::test]
async fn a_contract_is_asked_about_the_past() {
    let (line, _, _) = grown().await;
    let payee = line.chain.pay_to().rng;
    let selector = alloy_primitives::keccak256("balanceOf(address)");
    let data = alloy_primitives::Bytes::from([&selector[..4], payee.into_word().as_slice()].concat());
    let balance = |block| json!([{ "to": line.chain.usdc(), "data": data }, block]);
    line.chain.resume_mining().await.unwrap();
    line.chain.mint(payee, U256::from(5)).await.unwrap();
    assert_eq!(number(&line.ask("eth_call", balance("latest")).await), 5);
    line.set("stale(1)@eth_call");
    assert_eq!(number(&line.ask("eth_call", balance("latest")).await), 0);
    let head = line.chain.rpc::<Value>("eth_blockNumber", ()).await.unwrap();
    assert_eq!(line.ask("eth_blockNumber", json!([])).await, head, "another node answers other methods");
    let named = json!([{ "to": line.chain.usdc(), "data": data }, head]);
    assert_eq!(number(&line.ask("eth_call", named).await), 5, "whoever names a block gets that block");
}

#[tokio::test]
async fn receipts_and_logs_of_later_blocks_are_not_there_yet() {
    let (line, before, hash) = grown().await;
    for (lag, known) in [(2, false), (1, true)] {
        line.set(&format!("stale({lag})"));
        let receipt = line.ask("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt.is_object(), known, "{receipt}");
    }
    line.set("");
    line.chain.resume_mining().await.unwrap();
    line.chain.mint(line.chain.pay_to().rng, U256::from(5)).await.unwrap();
    let from = format!("{:#x}", before + 1);
    for end in [json!({}), json!({ "toBlock": "latest" }), json!({ "toBlock": "0xffff" })] {
        let mut filter = json!({ "fromBlock": from, "address": line.chain.usdc() });
        filter.as_object_mut().unwrap().extend(end.as_object().unwrap().clone());
        for (lag, logs) in [(1, 0), (0, 1)] {
            line.set(&format!("stale({lag})"));
            let found = line.ask("eth_getLogs", json!([filter])).await;
            assert_eq!(found.as_array().unwrap().len(), logs, "{filter}");
        }
    }
}

#[tokio::test]
async fn each_call_of_a_batch_is_asked_about_the_past() {
    let (line, before, hash) = grown().await;
    line.set("stale(3)");
    let batch = json!([
        call(4, "eth_getTransactionReceipt", json!([hash])),
        call(5, "eth_blockNumber", json!([])),
        call(6, "eth_getBlockByNumber", json!(["latest", false])),
        call(7, "eth_chainId", json!([])),
    ]);
    let answers: Value = line.request(&batch).send().await.unwrap().json().await.unwrap();
    let of = |id: usize| {
        let answer = answers.as_array().unwrap().iter().find(|answer| answer["id"] == id).unwrap();
        answer["result"].clone()
    };
    assert_eq!((of(4), number(&of(5)), number(&of(6)["number"])), (Value::Null, before, before));
    assert_eq!(of(7), "0x14a34");

    let nonsense = line.client.post(line.proxy.url()).body("{").send().await.unwrap();
    assert!(nonsense.text().await.unwrap().contains("error"), "what is no JSON-RPC passes");
}
