//! The payer's own way out of a channel whose seller has gone: announced, waited for, made; over processes that end in between.

use alloy_sol_types::SolCall;
use serde_json::{Value, json};
use x402::{Address, Settlement};

use super::shop::Shop;

/// What a draw of two dice leaves of the deposit.
const LEFT: &str = "99980";

/// A channel of the command's buyer, from which one draw was bought, and whose seller answers no more.
struct Abandoned {
    shop: Shop,
    id: String,
}

impl Abandoned {
    async fn new() -> Self {
        let shop = Shop::open().await;
        let url = shop.rng.public.clone();
        let drawn = shop.command(&["draw", "--url", &url, "--dice", "2d6", "--calls", "100"]).await;
        assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
        shop.rng.signal("KILL");
        let mut new = Self { shop, id: String::new() };
        let listed = new.json(&["channel", "list", "--json"]).await;
        listed[0]["id"].as_str().expect("an id").clone_into(&mut new.id);
        let closed = new.shop.command(&["channel", "close", &new.id]).await;
        assert_eq!(closed.status.code(), Some(69), "{}", String::from_utf8_lossy(&closed.stderr));
        new
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let output = self.shop.command(arguments).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    async fn withdraw(&self) -> Value {
        self.json(&["channel", "withdraw", &self.id, "--json"]).await
    }

    async fn listed(&self) -> Value {
        self.json(&["channel", "list", "--json"]).await[0].take()
    }

    /// Lets the channel's delay go by on the chain, which nobody else uses.
    async fn wait_out_the_delay(&self) {
        let chain = &self.shop.chain;
        chain.rpc::<Value>("evm_increaseTime", [900]).await.expect("time");
        chain.mine().await.expect("a block");
    }

    fn payer(&self) -> Address {
        self.shop.chain.buyer(1).address
    }

    async fn balance(&self) -> u64 {
        self.shop.chain.balance_of(self.payer()).await.expect("a balance").to()
    }

    /// Sends a call from the payer's account, past the command's books.
    async fn act(&self, call: impl SolCall) {
        let data = x402::Bytes::from(call.abi_encode());
        let call = json!({ "from": self.payer(), "to": x402::SETTLEMENT_CONTRACT, "data": data });
        let receipt: Value = self.shop.chain.rpc("eth_sendTransactionSync", [call]).await.expect("sent");
        assert_eq!(receipt["status"], "0x1", "{receipt}");
    }
}

#[tokio::test]
async fn what_is_not_owed_comes_back_without_the_seller() {
    let channel = Abandoned::new().await;
    let before = channel.balance().await;
    let announced = channel.withdraw().await;
    assert_eq!((&announced["withdrawing"], &announced["returned"]), (&json!(LEFT), &json!("0")));
    assert!(announced["transaction"].is_string(), "{announced}");
    let ready = announced["withdrawAt"].as_u64().expect("a time");
    let listed = channel.listed().await;
    assert_eq!((&listed["withdrawing"], &listed["withdrawAt"]), (&json!(LEFT), &json!(ready)));
    let shown = channel.shop.command(&["channel", "list"]).await;
    assert!(
        String::from_utf8_lossy(&shown.stdout).contains("$0.09998 can be withdrawn from 20"),
        "{shown:?}"
    );

    let early = channel.withdraw().await;
    assert_eq!((&early["withdrawAt"], &early["transaction"]), (&json!(ready), &Value::Null));
    assert_eq!(channel.balance().await, before);

    channel.wait_out_the_delay().await;
    let made = channel.withdraw().await;
    assert_eq!((&made["returned"], &made["balance"]), (&json!(LEFT), &json!("20")));
    assert_eq!(made["withdrawing"], Value::Null);
    assert_eq!(channel.balance().await, before + 99_980);
    let nothing = channel.shop.command(&["channel", "withdraw", &channel.id]).await;
    assert_eq!(nothing.status.code(), Some(64), "what is left is the seller's");

    let history = channel.json(&["history", "--json"]).await;
    let told: Vec<_> =
        history.as_array().expect("a list").iter().map(|entry| (&entry["kind"], &entry["amount"])).collect();
    let expected = [("withdrawal", LEFT), ("call", "20"), ("deposit", "100000")]
        .map(|(kind, amount)| (json!(kind), json!(amount)));
    assert_eq!(told, expected.each_ref().map(|(kind, amount)| (kind, amount)));
}

#[tokio::test]
async fn a_step_that_nobody_lived_to_write_down_is_not_taken_twice() {
    let channel = Abandoned::new().await;
    let before = channel.balance().await;
    let client = channel.shop.ledger().await;
    let row = client.channels().await.expect("read").remove(0);
    channel.act(Settlement::initiateWithdrawCall { config: row.config.into(), amount: 99_980 }).await;
    let found = channel.withdraw().await;
    assert_eq!((&found["withdrawing"], &found["transaction"]), (&json!(LEFT), &Value::Null));

    channel.wait_out_the_delay().await;
    channel.act(Settlement::finalizeWithdrawCall { config: row.config.into() }).await;
    let found = channel.withdraw().await;
    assert_eq!((&found["returned"], &found["transaction"]), (&json!(LEFT), &Value::Null));
    assert_eq!(channel.balance().await, before + 99_980);
    let history = channel.json(&["history", "--json"]).await;
    assert_eq!((&history[0]["kind"], &history[1]["kind"]), (&json!("withdrawal"), &json!("call")));
}
