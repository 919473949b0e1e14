//! `buyer` chooses between a channel and paying exactly, and what it bought from a channel is proven.

use std::{fs, process::Output};

use serde_json::{Value, json};

use super::shop::Shop;

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn draw(shop: &Shop, arguments: &[&str]) -> String {
    let url = shop.rng.public.clone();
    said(&shop.command(&[&["draw", "--url", &url, "--dice", "2d6"], arguments].concat()).await)
}

#[tokio::test]
async fn it_pays_by_what_takes_less_and_from_a_channel_while_it_holds_enough() {
    let shop = Shop::open().await;
    let one = draw(&shop, &["--calls", "2"]).await;
    assert!(one.contains("exact is cheaper") && one.contains("paid         $0.001 "), "{one}");
    let first = draw(&shop, &["--calls", "100"]).await;
    assert!(first.contains("a channel is cheaper") && first.contains("deposited    $0.10 "), "{first}");
    assert!(first.contains("paid         $0.00002 "), "{first}");
    let next = draw(&shop, &[]).await;
    assert!(next.contains("$0.09998 in it") && next.contains("paid         $0.00002 "), "{next}");
    let id: Value =
        serde_json::from_slice(&shop.command(&["channel", "list", "--json"]).await.stdout).expect("JSON");
    let id = id[0]["id"].as_str().expect("an id").to_owned();
    assert!(said(&shop.command(&["channel", "close", &id]).await).contains("refunded     $0.09996"));
    let after = draw(&shop, &[]).await;
    assert!(after.contains("paid         $0.001 "), "the channel is empty: {after}");
}

#[tokio::test]
async fn a_limit_holds_for_each_voucher() {
    let shop = Shop::open().await;
    draw(&shop, &["--calls", "100"]).await;
    let url = shop.rng.public.clone();
    let dear = shop.command(&["draw", "--url", &url, "--max", "0.0005", "--calls", "100"]).await;
    assert_eq!(dear.status.code(), Some(77), "{}", String::from_utf8_lossy(&dear.stderr));
    said(&shop.command(&["budget", "set", "total", "--per-call", "0.0005"]).await);
    let dear = shop.command(&["draw", "--url", &url]).await;
    assert_eq!(dear.status.code(), Some(77), "{}", String::from_utf8_lossy(&dear.stderr));
}

#[tokio::test]
async fn a_receipt_of_a_call_holds_and_one_with_anything_changed_does_not() {
    let shop = Shop::open().await;
    draw(&shop, &["--calls", "100", "--save", "draw.json"]).await;
    for arguments in [&["verify", "draw.json"][..], &["verify", "draw.json", "--offline"]] {
        let checked = shop.command(arguments).await;
        said(&checked);
        let report = String::from_utf8_lossy(&checked.stdout);
        for name in
            ["signature", "price", "offer", "draw-payment", "signed-offer", "delivery", "standard-receipt"]
        {
            assert!(report.contains(&format!("{:12} {name} ", "passed")), "{name}: {report}");
        }
    }
    let receipt: Value =
        serde_json::from_slice(&fs::read(shop.path("draw.json")).expect("a file")).expect("JSON");
    let delivery = "/settlement/extensions/x402-delivery/info/delivery/payload";
    let edits = [
        ("/charged".to_owned(), json!("10")),
        ("/payment/payload/voucher/maxClaimableAmount".to_owned(), json!("2000")),
        ("/payment/payload/channelConfig/salt".to_owned(), json!(format!("0x{}", "11".repeat(32)))),
        (format!("{delivery}/base"), json!("20")),
        (format!("{delivery}/charged"), json!("10")),
        (format!("{delivery}/channelId"), json!(format!("0x{}", "22".repeat(32)))),
        ("/response/body/utf8".to_owned(), json!("{}")),
    ];
    for (pointer, value) in edits {
        let mut edited = receipt.clone();
        let field = edited.pointer_mut(&pointer);
        *field.unwrap_or_else(|| panic!("the receipt has {pointer}: {receipt}")) = value;
        fs::write(shop.path("edited.json"), edited.to_string()).expect("written");
        let verdict = shop.command(&["verify", "edited.json", "--offline"]).await;
        let report = String::from_utf8_lossy(&verdict.stdout);
        assert_eq!(verdict.status.code(), Some(65), "{pointer}: {report}");
    }
}

#[tokio::test]
async fn history_tells_where_each_cent_went_and_receipts_of_calls_are_kept() {
    let shop = Shop::open().await;
    for calls in ["2", "100", "1"] {
        draw(&shop, &["--calls", calls]).await;
    }
    let json = async |arguments: &[&str]| -> Value {
        serde_json::from_slice(&shop.command(arguments).await.stdout).expect("JSON")
    };
    let id = json(&["channel", "list", "--json"]).await[0]["id"].as_str().expect("an id").to_owned();
    said(&shop.command(&["channel", "close", &id]).await);
    let history = json(&["history", "--json"]).await;
    let told = |entry: &Value| [&entry["kind"], &entry["state"], &entry["amount"]].map(Value::clone);
    let told: Vec<_> = history.as_array().expect("a list").iter().map(told).collect();
    let expected = [
        ["refund", "paid", "99960"],
        ["call", "paid", "20"],
        ["call", "paid", "20"],
        ["deposit", "paid", "100000"],
        ["payment", "paid", "1000"],
    ];
    assert_eq!(told, expected.map(|entry| entry.map(Value::from)));
    for entry in [0, 1, 2, 3] {
        assert_eq!(history[entry]["channel"], json!(id), "{history}");
    }
    let table = shop.command(&["history"]).await.stdout;
    let rows: Vec<_> = std::str::from_utf8(&table).expect("text").lines().skip(1).collect();
    assert_eq!(rows.len(), 4, "{rows:#?}");
    assert!(
        rows[1].contains("2 calls  paid") && rows[1].contains("$0.00004 ") && rows[1].contains(&id),
        "{rows:#?}"
    );
    assert!(history[0]["transaction"].is_string() && history[3]["transaction"].is_string(), "{history}");
    let listed = shop.command(&["history"]).await;
    let listed = String::from_utf8_lossy(&listed.stdout);
    assert!(listed.contains("deposit  paid   $0.10 ") && listed.contains("/v1/random"), "{listed}");

    for entry in [1, 2, 4] {
        let id = history[entry]["paymentId"].as_str().expect("an id").to_owned();
        said(&shop.command(&["verify", &id]).await);
    }
    let kept = history[1]["paymentId"].as_str().expect("an id").to_owned();
    said(&shop.command(&["resume", &kept, "--save", "kept.json"]).await);
    said(&shop.command(&["verify", "kept.json", "--offline"]).await);
    let unknown = shop.command(&["verify", &format!("0x{}", "ab".repeat(32))]).await;
    assert_eq!(unknown.status.code(), Some(64));
    said(&shop.command(&["budget", "set", "total", "--per-day", "1"]).await);
    let budgets = json(&["budget", "list", "--json"]).await;
    assert_eq!(budgets[0]["spent"], "1040", "the payment, and what the channel did not give back");
}
