//! What a seller signs is kept, and checked: a statement that was altered, or that is about something else, does not pass.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use x402::{
    Delivery, ExtensionInfo, Extensions, Network, OfferPayload, ReceiptKey, ReceiptPayload, Signed,
    SigningKey, Statement,
};
use x402_buyer::{Challenge, Outcome, Receipt, Report, Request, SendError, Terms, verify};

use crate::support::{Buyer, Call, Proofs, Seller};

const KEY: &str = "/offer/extensions/x402-delivery/info/receiptKey";
const OFFER: &str = "/offer/extensions/offer-receipt/info/offers/0";
const DELIVERY: &str = "/settlement/extensions/x402-delivery/info/delivery";
const RECEIPT: &str = "/settlement/extensions/offer-receipt/info/receipt";

const NETWORK: Network = Network::BaseSepolia;

async fn bought() -> (Proofs, Value) {
    let proofs = Proofs::new();
    let seller = proofs.seller().await;
    let request = Request::get(&format!("{}/things/7?size=2", seller.url)).unwrap();
    let answer = Buyer::new().client().await.send(&request, &Terms::default()).await.unwrap();
    (proofs, serde_json::to_value(answer.purchase.unwrap().receipt).unwrap())
}

async fn check(receipt: &Value) -> Report {
    verify(&read::<Receipt>(receipt), None).await
}

fn read<T: DeserializeOwned>(json: &Value) -> T {
    serde_json::from_value(json.clone()).unwrap()
}

fn outcome(report: &Report, name: &str) -> Outcome {
    let found = report.checks.iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("no check {name}: {report:?}")).outcome
}

fn with(receipt: &Value, place: &str, value: Value) -> Value {
    let mut altered = receipt.clone();
    *altered.pointer_mut(place).unwrap_or_else(|| panic!("{place} is in {receipt:#}")) = value;
    altered
}

/// The receipt with a statement edited and signed again.
fn restated<T>(
    receipt: &Value,
    place: &str,
    scope: T::Scope,
    key: &SigningKey,
    edit: impl FnOnce(&mut T),
) -> Value
where
    T: Statement + Serialize + DeserializeOwned,
{
    let payload = format!("{place}/payload");
    let mut statement: T = read(receipt.pointer(&payload).unwrap());
    edit(&mut statement);
    let signed = Signed::sign(statement, scope, key);
    let altered = with(receipt, &payload, json!(signed.payload));
    with(&altered, &format!("{place}/signature"), json!(signed.signature))
}

fn redelivered(receipt: &Value, key: &SigningKey, edit: impl FnOnce(&mut Delivery)) -> Value {
    restated(receipt, DELIVERY, NETWORK, key, edit)
}

async fn fails(receipt: &Value, name: &str, why: &str) {
    let report = check(receipt).await;
    assert!(!report.verified, "{why}");
    assert_eq!(outcome(&report, name), Outcome::Failed, "{why}: {report:#?}");
}

#[tokio::test]
async fn what_the_seller_signed_is_kept_and_passes() {
    let (proofs, receipt) = bought().await;
    let report = check(&receipt).await;
    assert!(report.verified, "{report:#?}");
    for name in ["receipt-key", "signed-offer", "delivery", "standard-receipt"] {
        assert_eq!(outcome(&report, name), Outcome::Passed, "{report:#?}");
    }
    // A payee may as well sign with its own key.
    let by_payee = redelivered(&receipt, &proofs.payee, |_| {});
    assert!(check(&by_payee).await.verified);
}

#[tokio::test]
async fn every_altered_member_is_found() {
    let (_, receipt) = bought().await;
    let statements = [
        (KEY, "receipt-key"),
        (OFFER, "signed-offer"),
        (DELIVERY, "delivery"),
        (RECEIPT, "standard-receipt"),
    ];
    for (place, found_by) in statements {
        let payload = receipt.pointer(&format!("{place}/payload")).unwrap().as_object().unwrap();
        for (member, value) in payload {
            let altered = with(&receipt, &format!("{place}/payload/{member}"), another(value));
            fails(&altered, found_by, &format!("{place}: {member}")).await;
        }
        let signature = receipt.pointer(&format!("{place}/signature")).unwrap();
        let altered = with(&receipt, &format!("{place}/signature"), another(signature));
        fails(&altered, found_by, place).await;
    }
}

/// Another value of the same kind.
fn another(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_u64().unwrap() + 1),
        Value::String(text) if text == "block" => json!("safe"),
        Value::String(text) if text.starts_with("0x") => {
            let digit = if text.as_bytes()[9] == b'1' { "2" } else { "1" };
            json!(format!("{}{digit}{}", &text[..9], &text[10..]))
        }
        Value::String(text) => json!(format!("{text}9")),
        other => panic!("{other} stands in no statement"),
    }
}

#[tokio::test]
async fn a_delivery_of_anything_else_fails_though_the_seller_signed_it() {
    type Edit = fn(&mut Delivery);
    let (proofs, receipt) = bought().await;
    let edits: [(&str, Edit); 13] = [
        ("payment", |delivery| delivery.payment_id.0.0[0] ^= 1),
        ("scheme", |delivery| delivery.scheme = "batch-settlement".to_owned()),
        ("payer", |delivery| delivery.payer.0[0] ^= 1),
        ("payee", |delivery| delivery.pay_to.0[0] ^= 1),
        ("asset", |delivery| delivery.asset.0[0] ^= 1),
        ("amount", |delivery| delivery.amount = x402::Usdc::from_atomic(999)),
        ("request", |delivery| delivery.request_hash.0.0[0] ^= 1),
        ("status", |delivery| delivery.status = 201),
        ("body", |delivery| delivery.body_hash.0[0] ^= 1),
        ("transaction", |delivery| delivery.transaction.0[0] ^= 1),
        ("channel", |delivery| delivery.channel_id.0[0] ^= 1),
        ("channel", |delivery| delivery.base = x402::Usdc::from_atomic(1)),
        ("channel", |delivery| delivery.charged = x402::Usdc::from_atomic(1)),
    ];
    for (field, edit) in edits {
        let lie = redelivered(&receipt, &proofs.receipts, edit);
        fails(&lie, "delivery", field).await;
        let report = check(&lie).await;
        let check = report.checks.iter().find(|check| check.name == "delivery").unwrap();
        assert_eq!(check.detail, format!("the seller signed another {field}"));
    }
}

#[tokio::test]
async fn an_answer_exchanged_with_its_hash_fails() {
    let (_, receipt) = bought().await;
    let other = with(&receipt, "/response/body/utf8", json!("worth nothing"));
    let hash = x402::B256::from_slice(&<sha2::Sha256 as sha2::Digest>::digest("worth nothing"));
    let other = with(&other, "/response/bodySha256", json!(hash));
    let report = check(&other).await;
    assert_eq!(outcome(&report, "answer"), Outcome::Passed, "the file is consistent in itself");
    assert_eq!(outcome(&report, "delivery"), Outcome::Failed);
}

#[tokio::test]
async fn a_receipt_of_anything_else_fails_though_the_seller_signed_it() {
    type Edit = fn(&mut ReceiptPayload);
    let (proofs, receipt) = bought().await;
    let edits: [Edit; 4] = [
        |receipt| receipt.network = "eip155:8453".to_owned(),
        |receipt| receipt.resource_url.push('8'),
        |receipt| receipt.payer = receipt.transaction[..42].to_owned(),
        |receipt| receipt.transaction = format!("0x{}", "00".repeat(32)),
    ];
    for edit in edits {
        let lie = restated(&receipt, RECEIPT, (), &proofs.receipts, edit);
        fails(&lie, "standard-receipt", "another statement").await;
    }
    let private = restated(&receipt, RECEIPT, (), &proofs.receipts, |receipt: &mut ReceiptPayload| {
        receipt.transaction.clear();
    });
    assert!(check(&private).await.verified, "the transaction is optional");
}

#[tokio::test]
async fn signed_terms_other_than_those_paid_fail() {
    let (proofs, receipt) = bought().await;
    let dearer = restated(&receipt, OFFER, (), &proofs.receipts, |offer: &mut OfferPayload| {
        offer.amount = "1001".to_owned();
    });
    fails(&dearer, "signed-offer", "another price").await;
}

#[tokio::test]
async fn only_the_payee_and_the_key_it_named_may_sign() {
    let (_, receipt) = bought().await;
    let stranger = SigningKey::from_bytes(&[0x66; 32]).unwrap();
    fails(&redelivered(&receipt, &stranger, |_| {}), "delivery", "a stranger's delivery").await;
    let standard = restated(&receipt, RECEIPT, (), &stranger, |_: &mut ReceiptPayload| {});
    fails(&standard, "standard-receipt", "a stranger's receipt").await;
    let offer = restated(&receipt, OFFER, (), &stranger, |_: &mut OfferPayload| {});
    fails(&offer, "signed-offer", "a stranger's offer").await;
    let named = restated(&receipt, KEY, NETWORK, &stranger, |_: &mut ReceiptKey| {});
    fails(&named, "receipt-key", "a key that a stranger named").await;
    fails(&named, "delivery", "and what it signed").await;
}

#[tokio::test]
async fn a_key_signs_for_its_origin_and_time_only() {
    type Edit = fn(&mut ReceiptKey);
    let (proofs, receipt) = bought().await;
    let edits: [Edit; 3] = [
        |key| key.origin = "https://elsewhere.example".to_owned(),
        |key| key.not_after = key.not_before,
        |key| key.not_before = key.not_after,
    ];
    for edit in edits {
        let narrowed = restated(&receipt, KEY, NETWORK, &proofs.payee, edit);
        fails(&narrowed, "receipt-key", "not valid here and then").await;
        fails(&narrowed, "delivery", "and so is what it signed").await;
    }
}

#[tokio::test]
async fn a_promised_delivery_that_is_missing_is_found() {
    let (_, receipt) = bought().await;
    let bare = with(&receipt, "/settlement/extensions", json!({}));
    let report = check(&bare).await;
    assert_eq!(outcome(&report, "delivery"), Outcome::Failed);
    assert_eq!(outcome(&report, "standard-receipt"), Outcome::NotChecked);
}

#[tokio::test]
async fn a_jws_is_kept_and_not_taken_for_checked() {
    let (_, receipt) = bought().await;
    let jws = json!({ "format": "jws", "signature": "eyJh.eyJ2.sig" });
    let receipt = with(&with(&receipt, RECEIPT, jws.clone()), OFFER, jws);
    let report = check(&receipt).await;
    assert!(report.verified, "{report:#?}");
    assert_eq!(outcome(&report, "standard-receipt"), Outcome::NotChecked);
    assert_eq!(outcome(&report, "signed-offer"), Outcome::NotChecked);
}

#[tokio::test]
async fn the_sellers_promise_is_stored_before_anything_is_paid() {
    let proofs = Proofs::new();
    let asking = proofs.clone();
    let seller = Seller::start(move |call: Call| {
        let refusal = || axum::response::IntoResponse::into_response(axum::http::StatusCode::FORBIDDEN);
        std::future::ready(if call.is_paid() { refusal() } else { asking.ask(&call) })
    })
    .await;
    let buyer = Buyer::new();
    let sent = buyer.client().await.send(&Request::get(&seller.url).unwrap(), &Terms::default()).await;
    let id = sent.as_ref().err().and_then(SendError::payment_id).unwrap();
    let intent = buyer.ledger().await.intent(id).await.unwrap().unwrap();
    let kept = Signed::<ReceiptKey>::read(intent.offer.extensions.as_ref()).unwrap().unwrap();
    assert_eq!(kept.signer(NETWORK), Ok(proofs.payee.address()));
    assert_eq!(kept.payload.origin, seller.url);
}

#[test]
fn a_version_1_offer_keeps_what_the_seller_signed() {
    let key = Proofs::new().receipt_key("http://seller.example");
    let mut extensions = Extensions::new();
    key.attach(&mut extensions);
    let body = json!({ "x402Version": 1, "accepts": [], "extensions": extensions }).to_string();
    let challenge = Challenge::read(&axum::http::HeaderMap::new(), &body.into()).unwrap();
    assert_eq!(Signed::<ReceiptKey>::read(challenge.extensions.as_ref()), Ok(Some(key)));
}
