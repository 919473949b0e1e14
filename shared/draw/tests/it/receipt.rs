use draw::request::limits;
use draw::{Draw, DrawReceipt, DrawRequest, ReceiptError, SecretKey, Values, VrfError};
use serde_json::Value;

use crate::input;

/// A receipt with every operation, fixed for ever: other verifiers are tested on it too.
const EVERY_OPERATION: &str = include_str!("../vectors/every_operation.json");

fn secret() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

fn every_operation() -> DrawReceipt {
    let draws = vec![
        Draw::Bytes { count: 37 },
        Draw::Integers { min: 1, max: 100, count: 5 },
        Draw::Integers { min: 0, max: u64::MAX, count: 2 },
        Draw::Integers { min: 5, max: (1 << 63) + 5, count: 4 },
        Draw::Floats { count: 3 },
        Draw::Dice { count: 5, sides: 6 },
        Draw::Shuffle { n: 10 },
        Draw::Sample { n: 49, k: 6 },
        Draw::Sample { n: u32::MAX, k: 3 },
        Draw::Weighted { weights: vec![1, 0, 2, 3], count: 6 },
        Draw::Uuids { count: 2 },
    ];
    let request = DrawRequest::new(draws, Some("my own entropy".into()), Some("r\u{f6}und 12".into()));
    DrawReceipt::draw(&secret(), &input(), request.unwrap()).unwrap()
}

fn dice() -> DrawReceipt {
    let request = DrawRequest::single(Draw::Dice { count: 3, sides: 1000 }).unwrap();
    DrawReceipt::draw(&secret(), &input(), request).unwrap()
}

/// What verification with the trusted key says of an edited receipt.
fn edited(edit: impl FnOnce(&mut DrawReceipt)) -> ReceiptError {
    let mut receipt = dice();
    edit(&mut receipt);
    receipt.verify(Some(secret().public_key())).unwrap_err()
}

#[test]
fn values_and_wire_format_never_change() {
    let expected: Value = serde_json::from_str(EVERY_OPERATION).unwrap();
    assert_eq!(serde_json::to_value(every_operation()).unwrap(), expected);
}

#[test]
fn a_receipt_read_back_verifies() {
    let receipt = DrawReceipt::from_json(EVERY_OPERATION.as_bytes()).unwrap();
    let verified = receipt.verify(Some(secret().public_key())).unwrap();
    assert_eq!(verified.values(), receipt.values);
    assert_eq!(verified.input(), &input());
    assert_eq!(verified.key(), secret().public_key());
    assert!(verified.key_is_trusted());
}

/// Floats are printed as short as possible and must come back bit for bit.
#[test]
fn many_floats_survive_the_way_through_json() {
    let request = DrawRequest::single(Draw::Floats { count: 20_000 }).unwrap();
    let receipt = DrawReceipt::draw(&secret(), &input(), request).unwrap();
    let json = serde_json::to_vec(&receipt).unwrap();
    DrawReceipt::from_json(&json).unwrap().verify(None).unwrap();
}

#[test]
fn without_a_trusted_key_a_receipt_is_only_consistent() {
    let forger = SecretKey::from_seed(&[8; 32]);
    let forged = DrawReceipt::draw(&forger, &input(), dice().request).unwrap();
    assert!(!forged.verify(None).unwrap().key_is_trusted());
    let refused = forged.verify(Some(secret().public_key())).unwrap_err();
    assert!(
        matches!(refused, ReceiptError::UntrustedKey { stated, .. } if stated == *forger.public_key().as_bytes())
    );
}

/// Calls `visit` with a copy of the document for each of its leaves, with that leaf edited.
fn for_each_edited_leaf(document: &Value, visit: &mut impl FnMut(String, Value)) {
    fn pointers(value: &Value, path: String, all: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| pointers(value, format!("{path}/{name}"), all));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(i, value)| pointers(value, format!("{path}/{i}"), all));
            }
            _ => all.push(path),
        }
    }
    let mut all = Vec::new();
    pointers(document, String::new(), &mut all);
    for pointer in all {
        let mut copy = document.clone();
        let leaf = copy.pointer_mut(&pointer).unwrap();
        *leaf = match &*leaf {
            Value::String(text) => {
                let (last, digit) =
                    (text.chars().last().unwrap(), if text.ends_with('0') { '1' } else { '0' });
                format!("{}{digit}", text.strip_suffix(last).unwrap()).into()
            }
            Value::Number(number) if number.is_u64() => (number.as_u64().unwrap() ^ 1).into(),
            Value::Number(number) => number.as_f64().unwrap().next_down().into(),
            other => panic!("{pointer}: {other}"),
        };
        visit(pointer, copy);
    }
}

#[test]
fn every_edit_of_a_leaf_is_refused() {
    let mut leaves = 0;
    for_each_edited_leaf(&serde_json::from_str(EVERY_OPERATION).unwrap(), &mut |pointer, edited| {
        leaves += 1;
        let receipt = DrawReceipt::from_json(edited.to_string().as_bytes());
        let verified = receipt.and_then(|receipt| receipt.verify(Some(secret().public_key())));
        assert!(verified.is_err(), "{pointer}");
    });
    assert!(leaves > 70, "{leaves}");
}

#[test]
fn members_that_cannot_be_checked_are_refused() {
    let mut receipt: Value = serde_json::from_str(EVERY_OPERATION).unwrap();
    receipt["beacon"] = "witnessed".into();
    let refused = DrawReceipt::from_json(receipt.to_string().as_bytes());
    assert!(matches!(refused, Err(ReceiptError::Json(_))));
    let twice = EVERY_OPERATION.replacen("\"epoch\"", "\"epoch\": 1, \"epoch\"", 1);
    assert!(matches!(DrawReceipt::from_json(twice.as_bytes()), Err(ReceiptError::Json(_))));
}

#[test]
fn another_payment_is_refused() {
    let refused = |error| matches!(error, ReceiptError::Proof(VrfError::ChallengeMismatch));
    assert!(refused(edited(|receipt| receipt.nonce[0] ^= 1)));
    assert!(refused(edited(|receipt| receipt.payer = receipt.asset)));
    assert!(refused(edited(|receipt| receipt.chain_id = 8453)));
    assert!(refused(edited(|receipt| receipt.epoch += 1)));
}

#[test]
fn another_request_is_refused_with_and_without_its_hash() {
    let other = DrawRequest::single(Draw::Dice { count: 3, sides: 999 }).unwrap();
    let hash = other.hash();
    let kept = edited(|receipt| receipt.request = other.clone());
    assert!(matches!(kept, ReceiptError::RequestHash { computed, .. } if computed == hash));
    let replaced = edited(|receipt| {
        receipt.request = other;
        receipt.request_hash = hash;
    });
    assert!(matches!(replaced, ReceiptError::Proof(VrfError::ChallengeMismatch)));
}

#[test]
fn the_proof_of_another_draw_is_refused() {
    let other = every_operation();
    let swapped = edited(|receipt| receipt.proof = other.proof);
    assert!(matches!(swapped, ReceiptError::Proof(VrfError::ChallengeMismatch)));
}

#[test]
fn a_key_of_small_order_is_refused() {
    let identity = edited(|receipt| receipt.public_key = std::array::from_fn(|i| u8::from(i == 0)));
    assert!(matches!(identity, ReceiptError::PublicKey(VrfError::SmallOrderKey)));
}

#[test]
fn edited_values_are_named() {
    let Values::Dice(faces) = dice().values.remove(0) else { unreachable!() };
    let with = |values: Vec<Values>| edited(|receipt| receipt.values = values);

    let mut raised = faces.clone();
    raised[1] += 1;
    let error = with(vec![Values::Dice(raised)]).to_string();
    let expected =
        format!("draw 0, value 1: the receipt states {}, the proof gives {}", faces[1] + 1, faces[1]);
    assert_eq!(error, expected);

    let fewer = with(vec![Values::Dice(faces[..2].to_vec())]);
    assert!(matches!(fewer, ReceiptError::Count { draw: 0, stated: 2, computed: 3 }));
    let other = with(vec![Values::Shuffle(faces)]);
    assert!(matches!(other, ReceiptError::Operation { draw: 0, stated: "shuffle", computed: "dice" }));
    assert!(matches!(with(vec![]), ReceiptError::Draws { stated: 0, computed: 1 }));
}

/// Also a bound on how long a stranger's receipt can take to verify.
#[test]
fn the_receipt_of_the_largest_request_can_be_read() {
    let weights = vec![u64::MAX / 10_000; limits::MAX_WEIGHTS];
    let draws = vec![
        Draw::Bytes { count: 1024 * 1024 },
        Draw::Weighted { weights, count: 1 },
        Draw::Uuids { count: 99_999 },
    ];
    let request = DrawRequest::new(draws, None, None).unwrap();
    let receipt = DrawReceipt::draw(&secret(), &input(), request).unwrap();
    let json = serde_json::to_vec_pretty(&receipt).unwrap();
    DrawReceipt::from_json(&json).unwrap().verify(Some(secret().public_key())).unwrap();

    let too_long = [json, vec![b' '; 8 * 1024 * 1024]].concat();
    assert!(matches!(DrawReceipt::from_json(&too_long), Err(ReceiptError::TooLong { .. })));
}

#[test]
fn the_schema_describes_a_receipt() {
    let schema = serde_json::to_value(schemars::schema_for!(DrawReceipt)).unwrap();
    insta::assert_json_snapshot!(schema);
}
