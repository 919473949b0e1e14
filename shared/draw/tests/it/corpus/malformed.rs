//! Receipts with something in a form of its own: what one verifier read and another passed over would be a disagreement.

use draw::{Binding, Draw, DrawRequest, Leaf, Mode};
use serde_json::{Value, json};

use super::operator::{ACCEPTED_AT, CALL, Operator, bind, bound, case, recorded_round};
use super::{Case, Named};

pub(super) fn all(operator: &Operator) -> Vec<Case> {
    [of_members(operator), of_values(operator), of_notes(operator), of_requests(operator)]
        .into_iter()
        .flatten()
        .collect()
}

/// A case whose JSON was edited.
fn edited(from: Case, name: &str, verdict: &str, edit: impl FnOnce(&mut Value)) -> Case {
    let mut receipt = from.receipt;
    edit(&mut receipt);
    Case { name: name.to_owned(), verdict: verdict.to_owned(), receipt, ..from }
}

fn set(at: &str, value: Value) -> impl FnOnce(&mut Value) {
    move |receipt| *receipt.pointer_mut(at).unwrap() = value
}

fn dice(operator: &Operator) -> Case {
    let request = DrawRequest::single(Draw::Dice { count: 3, sides: 1000 }).unwrap();
    case("", &operator.offered(), &operator.logged([0xcc; 32], request), "ok")
}

fn from_channel(operator: &Operator) -> Case {
    let offered = Named { log: None, ..operator.offered() };
    case("", &offered, &operator.by_channel(CALL, CALL), "ok")
}

fn of_members(operator: &Operator) -> Vec<Case> {
    let bound = || case("", &operator.offered(), &bound(operator, "GET", "/v1/random?dice=2d6", ""), "ok");
    let by_beacon = || case("", &operator.offered(), &operator.by_beacon(recorded_round()), "ok");
    let unknown = |from: Case, of: &str, at: &str| {
        edited(from, &format!("unknown member of the {of}"), "format", |receipt| {
            receipt.pointer_mut(at).unwrap()["witness"] = json!("0x00");
        })
    };
    vec![
        edited(dice(operator), "another format", "format", set("/format", json!("rng/v2"))),
        unknown(dice(operator), "receipt", ""),
        unknown(dice(operator), "request", "/request"),
        unknown(dice(operator), "draw", "/request/draws/0"),
        unknown(dice(operator), "values", "/values/0"),
        unknown(dice(operator), "log", "/log"),
        unknown(dice(operator), "inclusion", "/log/proof"),
        unknown(dice(operator), "place", "/log/proof/draw"),
        unknown(bound(), "commitment", "/binding/commit"),
        unknown(from_channel(operator), "call", "/binding/channel"),
        unknown(by_beacon(), "round", "/mode/beacon"),
        edited(dice(operator), "unknown binding", "format", set("/binding", json!("sworn"))),
        edited(dice(operator), "unknown mode", "format", set("/mode", json!({ "oracle": {} }))),
    ]
}

fn of_values(operator: &Operator) -> Vec<Case> {
    let spaced = format!("0xcc {}", "cc".repeat(31));
    let index = "/log/proof/draw/index";
    vec![
        edited(dice(operator), "hex with a space", "format", set("/nonce", json!(spaced))),
        edited(dice(operator), "hex that is too short", "format", set("/nonce", json!("0xcc"))),
        edited(
            dice(operator),
            "count with a zero before it",
            "format",
            set("/request/draws/0/count", json!("03")),
        ),
        edited(dice(operator), "count that is true", "format", set("/request/draws/0/count", json!(true))),
        edited(dice(operator), "face that is a fraction", "format", set("/values/0/result/0", json!(1.5))),
        edited(dice(operator), "face that is true", "format", set("/values/0/result/0", json!(true))),
        edited(dice(operator), "face that is a text", "format", set("/values/0/result/0", json!("1"))),
        edited(dice(operator), "values of no operation", "format", set("/values/0/op", json!("cards"))),
        in_other_words(operator),
        edited(dice(operator), "place that is a text", "format", set(index, json!("6"))),
        edited(dice(operator), "place that is true", "format", set(index, json!(true))),
        edited(dice(operator), "place before the first", "format", set(index, json!(-1))),
        edited(dice(operator), "place that is a fraction", "format", set(index, json!(6.5))),
    ]
}

/// What may be written in two ways is read in both.
fn in_other_words(operator: &Operator) -> Case {
    let draws = vec![Draw::Integers { min: 7, max: 7, count: 1 }, Draw::Bytes { count: 4 }];
    let request = DrawRequest::new(draws, None, None).unwrap();
    let every = case("", &operator.offered(), &operator.logged([0xcc; 32], request), "ok");
    edited(every, "integers as numbers, capital hex, defaults left out", "ok", |receipt| {
        receipt["values"][0]["result"][0] = json!(7);
        let bytes = receipt["values"][1]["result"].as_str().unwrap().to_uppercase().replace("0X", "0x");
        receipt["values"][1]["result"] = json!(bytes);
        receipt["request"]["draws"][0].as_object_mut().unwrap().remove("count");
        receipt["request"]["mode"] = json!("instant");
    })
}

fn of_notes(operator: &Operator) -> Vec<Case> {
    let promise = |name: &str, edit: &dyn Fn(&str) -> String| {
        edited(dice(operator), name, "note", |receipt| {
            let note = edit(receipt["log"]["promise"].as_str().unwrap());
            receipt["log"]["promise"] = json!(note);
        })
    };
    let other = |name: &str, from: &str, to: &str| {
        edited(dice(operator), name, "note", |receipt| {
            let note = receipt.pointer(from).unwrap().clone();
            *receipt.pointer_mut(to).unwrap() = note;
        })
    };
    let small_order = json!(format!("0x01{}", "00".repeat(31)));
    let nothing_known = Case { trust: Named::default(), ..dice(operator) };
    let unsigned = |note: &str| note.split('\u{2014}').next().unwrap().to_owned();
    vec![
        promise("note with a hyphen", &|note| note.replace('\u{2014}', "-")),
        promise("note that ends early", &|note| note.trim_end().to_owned()),
        promise("note without its empty line", &|note| note.replace("\n\n", "\n")),
        promise("note without a signature", &unsigned),
        promise("signature of three bytes", &|note| unsigned(note) + "\u{2014} rng.example/log AAAA\n"),
        promise("signature in a second spelling", &respelled),
        other("promise for a checkpoint", "/log/promise", "/log/proof/checkpoint"),
        other("checkpoint for a promise", "/log/proof/checkpoint", "/log/promise"),
        edited(nothing_known, "log key of small order", "note", set("/log/publicKey", small_order)),
        drawn_before_accepted(operator),
    ]
}

/// Base64 whose last digit has bits that no byte needs.
fn respelled(note: &str) -> String {
    let (head, tail) = note.rsplit_once('=').unwrap();
    let (head, digit) = head.split_at(head.len() - 1);
    let digit = char::from(digit.as_bytes()[0] + 1);
    format!("{head}{digit}={tail}")
}

fn drawn_before_accepted(operator: &Operator) -> Case {
    let mut receipt = operator.by_beacon(recorded_round());
    let (draw, accept) = (receipt.leaf(&[0x33; 32]), operator.accept_leaf(&receipt));
    let mut entries = operator.log_with(Leaf::Void { accept_hash: [6; 32], time: ACCEPTED_AT });
    (entries[2], entries[3]) = (draw, accept);
    operator.prove(&mut receipt, &entries, 0, 2, Some(3));
    case("drawn before it was accepted", &operator.offered(), &receipt, "order")
}

fn of_requests(operator: &Operator) -> Vec<Case> {
    let bound = |name: &str, method: &str, target: &str, body: &str| {
        let (commitment, nonce) = bind(method, target, body);
        let two_dice = DrawRequest::single(Draw::Dice { count: 2, sides: 6 }).unwrap();
        let mut receipt = operator.draw(nonce, Mode::Instant, two_dice);
        receipt.binding = Binding::Commit(commitment);
        case(name, &operator.offered(), &receipt, "binding")
    };
    let twice = r#"{"draws":[{"op":"uuids"}],"draws":[{"op":"dice","count":2,"sides":6}]}"#;
    vec![
        bound("bound to a parameter that occurs twice", "GET", "/v1/random?dice=2d6&dice=2d6", ""),
        bound("bound to two kinds of draw", "GET", "/v1/random?dice=2d6&floats=2", ""),
        bound("bound to a member that occurs twice", "POST", "/v1/random", twice),
        bound("bound to no request of a draw", "POST", "/v1/random", "[]"),
    ]
}
