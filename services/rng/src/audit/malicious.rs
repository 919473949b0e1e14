//! Operators who cheat, and that an audit finds each of them.

use draw::leaf::{Context, DrawLeaf};
use draw::tree::{Hash, empty_root, leaf_hash, node_hash};
use draw::{Checkpoint, Leaf, beacon};

use super::examine::{Evidence, Promised, examine};

const TODAY: u32 = 20_000;
const NOON: u64 = TODAY as u64 * 86_400 + 43_200;

fn root(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
            node_hash(&root(left), &root(right))
        }
    }
}

fn key(epoch: u32, time: u64) -> Leaf {
    Leaf::Key { epoch, public_key: [7; 32], time }
}

fn draw(number: u8) -> Leaf {
    let context = Context::new(&[1; 20], Some("lottery"));
    let (alpha_hash, commitment) = ([number; 32], [number; 32]);
    Leaf::Draw(DrawLeaf { epoch: TODAY, mode: 0, context, alpha_hash, commitment, accept_hash: [0; 32] })
}

fn accept(number: u8, time: u64) -> Leaf {
    let (context, round) = (Context::new(&[1; 20], None), beacon::round_for(time));
    Leaf::Accept { epoch: TODAY, context, accept_hash: [number; 32], round, time }
}

fn revealed(number: u8) -> Leaf {
    let Leaf::Draw(draw) = draw(number) else { unreachable!() };
    Leaf::Draw(DrawLeaf { mode: 1, accept_hash: [number; 32], ..draw })
}

fn log(leaves: &[Leaf]) -> Evidence {
    let entries: Vec<_> = leaves.iter().map(Leaf::encode).collect();
    let hashes: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let head = Checkpoint { size: entries.len() as u64, root: root(&hashes) };
    Evidence { head, entries, seen: Vec::new(), promised: Vec::new(), now: NOON }
}

/// A log with nothing wrong.
fn honest() -> Vec<Leaf> {
    let begins = u64::from(TODAY) * 86_400;
    vec![
        key(TODAY - 1, begins - 50_000),
        key(TODAY, begins - 50_000),
        draw(1),
        key(TODAY + 1, begins + 1),
        accept(2, NOON - 5000),
        revealed(2),
        accept(3, NOON - 4000),
        Leaf::Void { accept_hash: [3; 32], time: NOON - 3390 },
        accept(4, NOON - 10),
        draw(5),
    ]
}

fn faults(evidence: &Evidence) -> Vec<&'static str> {
    examine(evidence).faults.into_iter().map(|(kind, _)| kind).collect()
}

/// The faults of the honest log with one more entry.
fn with(leaf: Leaf) -> Vec<&'static str> {
    faults(&log(&[honest(), vec![leaf]].concat()))
}

#[test]
fn an_honest_log_is_found_so_and_its_draws_are_counted() {
    let report = examine(&log(&honest()));
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!((report.counts.draws, report.counts.accepted, report.counts.given_up), (3, 3, 1));
    assert_eq!(
        report.counts.by_label.values().copied().collect::<Vec<_>>(),
        [3],
        "drew three times under one label"
    );
    assert!(report.epochs[0].2 && !report.epochs[1].2, "the first key is shown as genesis");
}

#[test]
fn two_keys_for_an_epoch() {
    assert_eq!(with(Leaf::Key { epoch: TODAY + 1, public_key: [8; 32], time: NOON }), ["two-keys"]);
}

#[test]
fn a_key_that_came_after_its_day_began() {
    assert_eq!(with(key(TODAY + 2, u64::from(TODAY + 2) * 86_400 - 3599)), ["late-key"]);
    assert_eq!(with(key(TODAY + 2, u64::from(TODAY + 2) * 86_400 - 3600)), [""; 0]);
}

#[test]
fn a_draw_under_a_key_that_was_not_logged() {
    let Leaf::Draw(stray) = draw(9) else { unreachable!() };
    assert_eq!(with(Leaf::Draw(DrawLeaf { epoch: TODAY + 2, ..stray })), ["no-key"]);
}

#[test]
fn the_same_draw_twice() {
    assert_eq!(with(draw(1)), ["drawn-twice"]);
}

#[test]
fn an_accepted_draw_that_is_kept_silent() {
    assert_eq!(with(accept(9, NOON - 700)), ["withheld"]);
    assert_eq!(with(accept(9, NOON - 500)), [""; 0], "there is still time");
}

#[test]
fn a_draw_by_the_beacon_that_was_never_accepted_or_was_given_up() {
    assert_eq!(with(revealed(9)), ["not-accepted"]);
    assert_eq!(with(revealed(3)), ["not-accepted"]);
    assert_eq!(with(Leaf::Void { accept_hash: [2; 32], time: NOON }), ["not-accepted"]);
}

#[test]
fn an_acceptance_that_came_twice_or_was_given_up_too_late() {
    assert_eq!(with(accept(4, NOON - 10)), ["accepted-twice"]);
    let given_up_at = |time| {
        let entries = [accept(9, NOON - 5000), Leaf::Void { accept_hash: [9; 32], time }];
        faults(&log(&[honest(), entries.to_vec()].concat()))
    };
    assert_eq!(given_up_at(NOON - 5000 + 661), ["late-void"]);
    assert_eq!(given_up_at(NOON - 5000 + 660), [""; 0]);
}

#[test]
fn a_draw_whose_mode_and_acceptance_do_not_go_together() {
    let Leaf::Draw(instant) = draw(9) else { unreachable!() };
    let accepted = accept(9, NOON - 10);
    let with_acceptance = Leaf::Draw(DrawLeaf { accept_hash: [9; 32], ..instant });
    assert_eq!(faults(&log(&[honest(), vec![accepted, with_acceptance]].concat())), ["mode"]);
    assert!(with(Leaf::Draw(DrawLeaf { mode: 1, ..instant })).contains(&"mode"));
}

#[test]
fn an_acceptance_for_a_round_that_is_known_already() {
    let Leaf::Accept { epoch, context, accept_hash, time, .. } = accept(9, NOON) else { unreachable!() };
    let round = beacon::round_for(time) - 3;
    assert_eq!(with(Leaf::Accept { epoch, context, accept_hash, round, time }), ["round"]);
}

#[test]
fn a_log_that_was_rewritten_or_cut_or_shown_in_two_versions() {
    let before = log(&honest()).head;
    let mut rewritten = honest();
    rewritten[2] = draw(6);
    rewritten.push(draw(7));
    assert_eq!(faults(&Evidence { seen: vec![before], ..log(&rewritten) }), ["rewritten"]);
    assert_eq!(faults(&Evidence { seen: vec![before], ..log(&honest()[..8]) }), ["shrunk"]);
    let mut elsewhere = honest();
    elsewhere[9] = draw(8);
    assert_eq!(faults(&Evidence { seen: vec![log(&elsewhere).head], ..log(&honest()) }), ["rewritten"]);
    let grown = log(&[honest(), vec![draw(7)]].concat());
    assert_eq!(faults(&Evidence { seen: vec![before], ..grown }), [""; 0], "a log that only grew");
}

#[test]
fn entries_that_are_not_those_that_were_signed() {
    let (mut swapped, mut fewer) = (log(&honest()), log(&honest()));
    swapped.entries[2] = draw(6).encode();
    assert_eq!(faults(&swapped), ["root"]);
    fewer.entries.truncate(9);
    assert!(faults(&fewer).contains(&"root"));
    assert_eq!(faults(&log_with_noise()), ["unreadable"]);
}

fn log_with_noise() -> Evidence {
    let mut evidence = log(&honest());
    evidence.entries.push(b"noise".to_vec());
    let hashes: Vec<_> = evidence.entries.iter().map(|entry| leaf_hash(entry)).collect();
    evidence.head = Checkpoint { size: hashes.len() as u64, root: root(&hashes) };
    evidence
}

#[test]
fn a_promise_that_was_broken() {
    let promised =
        |leaf: &Leaf, include_by| Promised { name: "receipt".into(), leaf: leaf.hash(), include_by };
    let evidence = |promised| Evidence { promised: vec![promised], ..log(&honest()) };
    assert_eq!(faults(&evidence(promised(&draw(9), NOON - 1))), ["promise"]);
    assert_eq!(faults(&evidence(promised(&draw(9), NOON + 1))), [""; 0], "not due yet");
    assert_eq!(faults(&evidence(promised(&draw(1), NOON - 1))), [""; 0]);
}
