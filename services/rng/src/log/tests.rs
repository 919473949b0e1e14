#![expect(clippy::cast_possible_truncation, reason = "indices of small trees")]

use std::sync::Arc;

use axum::{Json, Router, extract::Path, routing::get};
use draw::beacon::{self, DELAY, time_of};
use draw::leaf::{Context, DrawLeaf};
use draw::tree::{Hash, leaf_hash, node_hash, verify_consistency, verify_inclusion};
use draw::{Checkpoint, Leaf, LogSigner, hex_bytes};
use serde_json::{Value, json};
use service_kit::Secret;

use super::{Accepted, EpochKeys, Log, LogError, Store};
use crate::{beacon::Beacon, clock};

/// A round that quicknet published.
const ROUND: u64 = 1000;
const SIGNATURE: &str = include_str!("../../../../shared/draw/tests/vectors/quicknet-1000.hex");

async fn log(folder: &tempfile::TempDir) -> Log {
    let url = format!("sqlite://{}", folder.path().join("log.db").display());
    let signer = Arc::new(LogSigner::new("rng.example/log", &[9; 32]).unwrap());
    Log { store: Store::open(&url).await.unwrap(), signer }
}

fn root(hashes: &[Hash]) -> Hash {
    if let [leaf] = hashes {
        return *leaf;
    }
    let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
    node_hash(&root(left), &root(right))
}

async fn head(log: &Log) -> Checkpoint {
    let note = log.store.head().await.unwrap().checkpoint.unwrap();
    Checkpoint::open(&note, log.key()).unwrap()
}

fn entry(number: u64) -> Vec<u8> {
    Leaf::Void { accept_hash: leaf_hash(&number.to_be_bytes()), time: number }.encode()
}

#[tokio::test]
async fn a_log_of_hundreds_has_the_root_tiles_and_proofs_of_its_entries() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder).await;
    let hashes: Vec<_> = (0..600).map(|number| leaf_hash(&entry(number))).collect();
    let mut earlier = Vec::new();
    for group in [0..1, 1..3, 3..255, 255..258, 258..600] {
        let mut append = log.store.append().await.unwrap();
        for number in group.clone() {
            assert_eq!(append.push(entry(number)), number);
        }
        append.commit(&log.signer).await.unwrap();
        let head = head(&log).await;
        assert_eq!((head.size, head.root), (group.end, root(&hashes[..group.end as usize])));
        earlier.push(head);
    }
    let last = head(&log).await;
    for Checkpoint { size, root } in earlier {
        let path = log.consistency(size, last.size).await.unwrap();
        verify_consistency((size, &root), (last.size, &last.root), &path).unwrap();
    }
    for index in [0, 255, 256, 511, 599] {
        let place = log.place(index, last.size).await.unwrap();
        verify_inclusion(&hashes[index as usize], index, last.size, &place.path, &last.root).unwrap();
    }
    let tile = |path: &str| path.parse().unwrap();
    assert_eq!(log.store.tile(&tile("0/001")).await.unwrap(), hashes[256..512].concat());
    let above = [root(&hashes[..256]), root(&hashes[256..512])].concat();
    assert_eq!(log.store.tile(&tile("1/000.p/2")).await.unwrap(), above);
}

#[tokio::test]
async fn what_was_not_committed_never_was() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder).await;
    let mut append = log.store.append().await.unwrap();
    append.push(entry(1));
    drop(append);
    assert_eq!(log.store.head().await.unwrap().size, 0);
    let mut append = log.store.append().await.unwrap();
    append.push(entry(2));
    append.commit(&log.signer).await.unwrap();
    assert_eq!(head(&log).await.root, leaf_hash(&entry(2)));
    let mut twice = log.store.append().await.unwrap();
    twice.push(entry(2));
    assert!(twice.commit(&log.signer).await.is_err(), "an entry is in the log once");
    assert_eq!(head(&log).await.size, 1);
}

#[tokio::test]
async fn keys_are_made_the_day_before_stay_the_same_and_are_erased_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder).await;
    let (monday, day) = (20_000 * 86_400 + 10, 86_400);
    let keys = EpochKeys::new(log.clone(), &Secret::new([5; 32]));
    keys.keep(monday).await.unwrap();
    let today = keys.of(20_000).await.unwrap();
    let tomorrow = *keys.of(20_001).await.unwrap().secret.public_key();
    keys.keep(monday + 1).await.unwrap();
    assert_eq!(log.store.head().await.unwrap().size, 2, "today's and tomorrow's, once");
    keys.keep(monday + day).await.unwrap();
    assert_eq!(keys.today().borrow().as_ref().map(|key| *key.secret.public_key()), Some(tomorrow));
    let reopened = EpochKeys::new(log.clone(), &Secret::new([5; 32]));
    assert_eq!(reopened.of(20_000).await.unwrap().secret.public_key(), today.secret.public_key());
    assert_eq!(reopened.of(20_000).await.unwrap().blind(b"alpha"), today.blind(b"alpha"));
    keys.keep(monday + 3 * day).await.unwrap();
    assert!(matches!(keys.of(20_000).await, Err(LogError::Erased(20_000))));
    assert!(keys.of(20_001).await.is_ok(), "what was paid for two days ago may still be drawn");
    assert!(matches!(keys.of(21_000).await, Err(LogError::NoKey(21_000))));
}

/// A relay that replays what quicknet published; one that lies says so of every round.
async fn relay(signature: &'static str) -> url::Url {
    let answer = async move |Path((_, round)): Path<(String, u64)>| -> Json<Value> {
        Json(json!({ "round": round, "signature": signature }))
    };
    let router = Router::new().route("/{chain}/public/{round}", get(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn accept(number: u8) -> impl FnOnce(Accepted) -> (Hash, Leaf) {
    move |Accepted { at, round }| {
        let (context, accept_hash) = (Context::new(&[1; 20], None), [number; 32]);
        (accept_hash, Leaf::Accept { epoch: clock::day(at), context, accept_hash, round, time: at })
    }
}

#[tokio::test]
async fn an_accepted_draw_keeps_its_round_and_gets_it_from_an_honest_relay() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder).await;
    let now = time_of(ROUND) - DELAY;
    let accepted = log.accept([1; 32], now, accept(1)).await.unwrap();
    assert_eq!((accepted.at, accepted.round), (now, ROUND));
    let again = log.accept([1; 32], now + 60, accept(1)).await.unwrap();
    assert_eq!((again.at, again.round), (now, ROUND), "a run after a crash draws with the same round");
    assert_eq!(log.store.head().await.unwrap().size, 1);

    let lie = "a".repeat(96).leak();
    let relays = vec!["http://127.0.0.1:1".parse().unwrap(), relay(lie).await, relay(SIGNATURE).await];
    let round = Beacon::new(relays).unwrap().round(accepted).await.unwrap();
    assert_eq!(hex_bytes::format(&round.signature), format!("0x{SIGNATURE}"));
    round.verify().unwrap();
    assert!(Beacon::new(Vec::new()).is_none());
}

#[tokio::test]
async fn an_accepted_draw_is_made_or_given_up_and_never_both() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder).await;
    let now = time_of(ROUND);
    log.accept([1; 32], now, accept(1)).await.unwrap();
    log.accept([2; 32], now, accept(2)).await.unwrap();
    assert_eq!(log.give_up(now + 600).await.unwrap(), 0);
    let late = log.accept([1; 32], now + 301, accept(1)).await;
    assert!(matches!(late, Err(LogError::Void)), "too late to be made before it is given up");
    assert_eq!(log.give_up(now + 601).await.unwrap(), 2);
    assert_eq!(log.give_up(now + 602).await.unwrap(), 0);
    let last = Leaf::decode(&log.store.entry(3).await.unwrap().unwrap());
    assert_eq!(last, Some(Leaf::Void { accept_hash: [2; 32], time: now + 601 }));
    assert!(beacon::round_for(now) > ROUND);
}

/// Of the proofs that an answer to a draw by the beacon needs, none is missing.
#[tokio::test]
async fn a_draw_by_the_beacon_is_proven_with_its_key_and_its_acceptance() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder).await;
    let now = time_of(ROUND) - DELAY;
    EpochKeys::new(log.clone(), &Secret::new([5; 32])).keep(now).await.unwrap();
    log.accept([1; 32], now, accept(1)).await.unwrap();
    let leaf = Leaf::Draw(DrawLeaf {
        epoch: clock::day(now),
        mode: 1,
        context: Context::new(&[1; 20], None),
        alpha_hash: [4; 32],
        commitment: [5; 32],
        accept_hash: [1; 32],
    });
    assert!(log.prove(&leaf.hash()).await.unwrap().is_none(), "not in the log yet");
    let mut append = log.store.append().await.unwrap();
    append.push(leaf.encode());
    append.commit(&log.signer).await.unwrap();
    let proof = log.prove(&leaf.hash()).await.unwrap().unwrap();
    assert_eq!((proof.key.index, proof.accept.map(|place| place.index), proof.draw.index), (0, Some(2), 3));
    assert_eq!(proof.key_logged_at, now);
}
