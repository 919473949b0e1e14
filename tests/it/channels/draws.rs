//! Draws that are paid from a channel: leaf, answer and voucher are one change, and the receipt stands by itself.

use std::process::Command;

use draw::{Binding, Scheme};
use futures_util::future::join_all;
use serde_json::{Value, json};
use x402_buyer::{Request, Terms};

use super::{
    buyer::usdc,
    shop::{DEPOSIT, Shop},
};
use crate::{program::fetch, support::binary};

fn dice(count: u32) -> Value {
    json!({ "draws": [{ "op": "dice", "count": count, "sides": 6 }] })
}

#[tokio::test]
async fn a_call_costs_what_it_draws_and_never_more_than_the_offer() {
    let shop = Shop::open().await;
    let mut charged = Vec::new();
    for count in [1, 2, 100, 5_000] {
        charged.push(shop.draw(&dice(count)).await.0.charged);
    }
    assert_eq!(charged, [10, 20, 1_000, 1_000].map(usdc));
    let bytes = shop.draw(&json!({ "draws": [{ "op": "bytes", "count": 33 }] })).await.0;
    assert_eq!(bytes.charged, usdc(20));
    let closed = shop.buyer.close(bytes.channel.id).await.expect("closed");
    assert_eq!(closed.refunded, usdc(10_000 - 2_050));
}

#[tokio::test]
async fn what_channels_owe_is_claimed_and_paid_out_when_the_service_ends() {
    let mut shop = Shop::open().await;
    let pay_to = shop.chain.pay_to().rng;
    let before: u64 = shop.chain.balance_of(pay_to).await.expect("a balance").to();
    for count in [2, 100] {
        shop.draw(&dice(count)).await;
    }
    let earned = async |chain: &devnet::Devnet| {
        chain.balance_of(pay_to).await.expect("a balance").to::<u64>() - before
    };
    assert_eq!(earned(&shop.chain).await, 0, "a cent is not worth a transaction while there will be more");
    shop.rng.signal("TERM");
    assert!(shop.rng.wait().success());
    assert_eq!(earned(&shop.chain).await, 1_020);
}

/// What a draw costs is known when it is made: a voucher signed behind one under way would start from a wrong base.
#[tokio::test]
async fn draws_at_once_follow_one_another_and_none_is_corrected() {
    let shop = Shop::open().await;
    let body = dice(2);
    let drawn = join_all((0..12).map(|_| shop.draw(&body))).await;
    let mut bases: Vec<_> = drawn.iter().map(|(answer, _)| answer.base).collect();
    bases.sort_unstable();
    assert_eq!(bases, (0..12).map(|call| usdc(20 * call)).collect::<Vec<_>>());
    let metrics = fetch(&format!("{}/metrics", shop.rng.admin)).await.text().await.expect("metrics");
    assert!(!metrics.contains("corrective"), "{metrics}");
}

#[tokio::test]
async fn a_draw_names_its_call_and_convinces_every_verifier_and_the_auditor() {
    let shop = Shop::open().await;
    let trust = shop.trust().await;
    let mut drawn = Vec::new();
    for base in [0, 20] {
        let (answer, receipt) = shop.draw(&dice(2)).await;
        receipt.verify_with(&trust).expect("a true receipt");
        let Binding::Channel(call) = receipt.binding else { panic!("no call: {:?}", receipt.binding) };
        assert_eq!(
            (receipt.scheme, call.channel_id, call.base),
            (Scheme::Channel, answer.channel.id.0.0, base)
        );
        drawn.push(receipt);
    }
    assert_ne!(drawn[0].nonce, drawn[1].nonce, "the same request again is another draw");

    let file = shop.save(&drawn[0]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../services/rng/assets/verify.py");
    let python = Command::new("python3").arg(script).arg(&file).output().expect("python3 runs");
    let report = String::from_utf8_lossy(&python.stdout);
    assert!(python.status.success() && report.contains("the call at 0 of channel 0x"), "{report}");

    let audit = Command::new(binary("rng"))
        .args(["audit", "--url", &shop.rng.public, "--receipt"])
        .arg(&file)
        .output()
        .expect("rng runs");
    let report = String::from_utf8_lossy(&audit.stdout);
    assert!(audit.status.success() && report.contains("1 kept"), "{report}");
}

/// The leaf of a draw is there if and only if its call was charged.
#[tokio::test]
async fn a_request_that_cannot_be_drawn_costs_nothing_and_is_in_no_log() {
    let shop = Shop::open().await;
    let (first, _) = shop.draw(&dice(1)).await;
    let impossible = json!({ "draws": [{ "op": "dice", "sides": 0 }] });
    let request =
        Request::post_json(&format!("{}/v1/random", shop.rng.public), &impossible).expect("a request");
    shop.buyer.send(&request, &Terms::default(), DEPOSIT).await.expect_err("refused");
    let (next, receipt) = shop.draw(&dice(1)).await;
    assert_eq!(next.channel.charged, usdc(20));
    let Binding::Channel(call) = receipt.binding else { panic!("no call") };
    assert_eq!(call.base, first.channel.charged.atomic());
}
