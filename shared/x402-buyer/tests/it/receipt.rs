//! A receipt holds, and one with any part exchanged does not.

use draw::SecretKey;
use serde_json::{Value, json};
use x402_buyer::{Outcome, Receipt, Report, Request, Terms, verify};

use crate::support::{Buyer, Call, Seller, draw_offer, draw_seller, forged_draw};

/// A receipt of a bought draw, as it is saved.
async fn bought(request: &Request) -> Value {
    let client = Buyer::new().client().await;
    let purchase = client.send(request, &Terms::default()).await.unwrap().purchase.unwrap();
    serde_json::to_value(&purchase.receipt).unwrap()
}

async fn two_dice() -> Value {
    let seller = draw_seller().await;
    let asked =
        json!({ "draws": [{ "op": "dice", "count": "2", "sides": "6" }, { "op": "floats", "count": "9" }] });
    bought(&Request::post_json(&format!("{}/v1/random", seller.url), &asked).unwrap()).await
}

async fn check(receipt: Value) -> Report {
    verify(&serde_json::from_value::<Receipt>(receipt).unwrap(), None).await
}

fn outcome(report: &Report, name: &str) -> Outcome {
    report
        .checks
        .iter()
        .find(|check| check.name == name)
        .unwrap_or_else(|| panic!("no check {name}: {report:?}"))
        .outcome
}

#[tokio::test]
async fn an_honest_receipt_passes_every_offline_check() {
    let receipt = two_dice().await;
    assert_eq!(receipt["version"], "x402-buyer/v1");
    let report = check(receipt).await;
    assert!(report.verified, "{report:#?}");
    let unchecked: Vec<_> = report.checks.iter().filter(|check| check.outcome != Outcome::Passed).collect();
    let names: Vec<_> = unchecked.iter().map(|check| check.name).collect();
    let expected = ["draw-beacon", "draw-log", "receipt-key", "delivery", "standard-receipt", "chain"];
    assert_eq!(names, expected, "{unchecked:?}");
}

#[tokio::test]
async fn a_draw_asked_for_by_query_is_checked_against_the_query() {
    let seller = draw_seller().await;
    let receipt = bought(&Request::get(&format!("{}/v1/random?dice=2d6", seller.url)).unwrap()).await;
    assert!(check(receipt.clone()).await.verified);
    let mut other = receipt;
    other["request"]["target"] = json!("/v1/random?dice=3d6");
    let report = check(other).await;
    assert_eq!(outcome(&report, "draw-request"), Outcome::Failed);
    assert_eq!(outcome(&report, "request"), Outcome::Failed);
}

#[tokio::test]
async fn every_exchanged_part_is_found() {
    let honest = two_dice().await;
    let other = two_dice().await;
    let zero = json!(format!("0x{}", "0".repeat(64)));
    let exchanged = [
        ("/request/body/utf8", json!("{}"), "request"),
        ("/request/origin", json!("http://elsewhere.example"), "binding"),
        ("/payment/payload/authorization/value", json!("1"), "signature"),
        ("/payment/extensions/x402-bind/info/salt", zero.clone(), "binding"),
        ("/payment/accepted/amount", json!("999"), "offer"),
        ("/offer/requirements/amount", json!("999"), "price"),
        ("/offer/requirements/payTo", json!("0x0000000000000000000000000000000000000001"), "price"),
        ("/offer/requirements/network", json!("eip155:8453"), "offer"),
        ("/offer/requirements/extra/rng/publicKey", json!(format!("0x{}", "11".repeat(32))), "draw-proof"),
        ("/offer/requirements/extra/rng/epoch", json!(20_001), "draw-proof"),
        ("/network", json!("eip155:8453"), "signature"),
        ("/paymentId", zero, "payment-id"),
        ("/settlement/success", json!(false), "settlement"),
        ("/settlement/network", json!("eip155:8453"), "settlement"),
        ("/response/body/utf8", json!("{}"), "answer"),
        ("/draw/values/0/result/0", json!(7), "draw-proof"),
        ("/draw/nonce", json!(format!("0x{}", "22".repeat(32))), "draw-payment"),
        ("/draw/chainId", json!(1), "draw-payment"),
        ("/draw", other["draw"].clone(), "draw-payment"),
        ("/draw/request/draws/0/sides", json!("8"), "draw-proof"),
    ];
    for (part, value, found_by) in exchanged {
        let mut tampered = honest.clone();
        *tampered.pointer_mut(part).unwrap_or_else(|| panic!("{part} is in {honest:#}")) = value;
        let report = check(tampered).await;
        assert!(!report.verified, "{part}");
        assert_eq!(outcome(&report, found_by), Outcome::Failed, "{part}: {report:#?}");
    }
}

#[tokio::test]
async fn a_draw_under_another_key_than_offered_fails() {
    let offer = draw_offer(&SecretKey::from_seed(&[7; 32]));
    let seller = Seller::selling(offer, |call: Call| std::future::ready(forged_draw(&call))).await;
    let report = check(bought(&Request::get(&seller.url).unwrap()).await).await;
    assert_eq!(outcome(&report, "draw-proof"), Outcome::Failed);
}

#[tokio::test]
async fn a_left_out_draw_is_found() {
    let mut receipt = two_dice().await;
    receipt.as_object_mut().unwrap().remove("draw");
    assert_eq!(outcome(&check(receipt).await, "draw"), Outcome::Failed);
}

#[tokio::test]
async fn bytes_that_are_no_text_survive_in_a_receipt() {
    let bytes: &[u8] = &[0xff, 0x00, 0xfe];
    let seller =
        Seller::selling(crate::support::offer(), move |_| std::future::ready(crate::support::settled(bytes)))
            .await;
    let receipt = bought(&Request::get(&seller.url).unwrap()).await;
    assert_eq!(receipt["response"]["body"], json!({ "base64": "/wD+" }));
    assert!(check(receipt).await.verified);
}
