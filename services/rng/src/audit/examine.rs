//! What a log's entries say about its operator. No input or output: everything that was fetched is evidence.

use std::collections::{BTreeMap, HashMap, HashSet};

use draw::leaf::DrawLeaf;
use draw::tree::{Hash, Node, completed_by, empty_root, fold, leaf_hash, node_hash, nodes_of};
use draw::{Checkpoint, DrawReceipt, Leaf, LogKey, Promise, ReceiptError, Trust, beacon, hex_bytes};

use super::report::{Counts, Report};

const SECONDS_PER_DAY: u64 = 86_400;
/// A key is logged at least this long before its day begins.
const KEY_AHEAD: u64 = 3600;
/// An accepted draw is made, or given up, within this.
const REVEAL_WITHIN: u64 = 600;
/// What the sequencer and the clocks may add to that.
const MARGIN: u64 = 60;

/// Everything that an audit goes by.
pub(super) struct Evidence {
    pub(super) head: Checkpoint,
    pub(super) entries: Vec<Vec<u8>>,
    /// Checkpoints that were seen before or elsewhere.
    pub(super) seen: Vec<Checkpoint>,
    pub(super) promised: Vec<Promised>,
    pub(super) now: u64,
}

/// A promise that somebody holds.
pub(super) struct Promised {
    pub(super) name: String,
    pub(super) leaf: Hash,
    pub(super) include_by: u64,
}

impl Promised {
    /// The promise in a receipt, which must hold.
    pub(super) fn of(name: String, receipt: &DrawReceipt, key: &LogKey) -> Result<Self, ReceiptError> {
        receipt.verify_with(&Trust { log: Some(key.clone()), ..Trust::default() })?;
        let note = receipt.log.as_ref().map(|log| log.promise.as_str()).unwrap_or_default();
        let promise = Promise::open(note, key).map_err(|error| ReceiptError::Log(error.into()))?;
        Ok(Self { name, leaf: promise.leaf, include_by: promise.include_by })
    }
}

pub(super) fn examine(evidence: &Evidence) -> Report {
    let mut report = Report::new(evidence.head.size);
    let hashes: Vec<Hash> = evidence.entries.iter().map(|entry| leaf_hash(entry)).collect();
    trees(evidence, &hashes, &mut report);
    promises(evidence, &hashes, &mut report);
    let leaves: Vec<_> = (0_u64..).zip(evidence.entries.iter().map(|entry| Leaf::decode(entry))).collect();
    for (position, _) in leaves.iter().filter(|(_, leaf)| leaf.is_none()) {
        report.fault("unreadable", format!("entry {position} is none of this log's"));
    }
    let leaves: Vec<_> = leaves.into_iter().filter_map(|(position, leaf)| Some((position, leaf?))).collect();
    keys(&leaves, &mut report);
    draws(&leaves, &mut report);
    acceptances(&leaves, evidence.now, &mut report);
    report.counts = counts(&leaves);
    report
}

/// The roots of the entries, at every size for which a checkpoint is known.
fn trees(evidence: &Evidence, hashes: &[Hash], report: &mut Report) {
    let size = hashes.len() as u64;
    if size != evidence.head.size {
        report.fault("root", format!("{size} entries were served of {}", evidence.head.size));
    }
    let checkpoints = evidence.seen.iter().map(|seen| ("rewritten", seen)).chain([("root", &evidence.head)]);
    let wanted: Vec<_> = checkpoints.collect();
    let roots = roots(hashes, wanted.iter().map(|(_, checkpoint)| checkpoint.size));
    for (kind, Checkpoint { size, root }) in wanted {
        match roots.get(size) {
            Some(computed) if computed == root => {}
            Some(_) => {
                report.fault(kind, format!("the entries do not have the root that was signed at {size}"));
            }
            None => report.fault("shrunk", format!("a checkpoint of {size} leaves was signed before")),
        }
    }
    report.seen = evidence.seen.len();
}

fn roots(hashes: &[Hash], sizes: impl Iterator<Item = u64>) -> HashMap<u64, Hash> {
    let (wanted, mut nodes): (HashSet<u64>, HashMap<Node, Hash>) = (sizes.collect(), HashMap::new());
    let mut roots = HashMap::from([(0, empty_root())]);
    for (position, hash) in (0_u64..).zip(hashes) {
        nodes.insert(Node { level: 0, index: position }, *hash);
        for node in completed_by(position) {
            let child = |side| nodes.get(&Node { level: node.level - 1, index: node.index * 2 + side });
            if let (Some(left), Some(right)) = (child(0), child(1)) {
                let hash = node_hash(left, right);
                nodes.insert(node, hash);
            }
        }
        if wanted.contains(&(position + 1)) {
            let path: Vec<_> =
                nodes_of(0..position + 1).iter().filter_map(|node| nodes.get(node).copied()).collect();
            roots.extend(fold(&path).map(|root| (position + 1, root)));
        }
    }
    roots
}

fn promises(evidence: &Evidence, hashes: &[Hash], report: &mut Report) {
    let logged: HashSet<_> = hashes.iter().collect();
    for Promised { name, leaf, include_by } in &evidence.promised {
        match (logged.contains(leaf), *include_by < evidence.now) {
            (true, _) => report.kept += 1,
            (false, true) => {
                report.fault("promise", format!("{name}: {} is not in the log", hex_bytes::format(leaf)));
            }
            (false, false) => report.pending += 1,
        }
    }
}

/// One key an epoch, an hour before it begins. The first start has no day before: its key is the first entry.
fn keys(leaves: &[(u64, Leaf)], report: &mut Report) {
    let mut known = HashMap::new();
    for (position, leaf) in leaves {
        let Leaf::Key { epoch, public_key, time } = leaf else { continue };
        if known.insert(*epoch, *public_key).is_some() {
            report.fault("two-keys", format!("epoch {epoch} has a second key, entry {position}"));
        }
        let begins = u64::from(*epoch) * SECONDS_PER_DAY;
        let genesis = *position <= 1 && matches!(leaves.first(), Some((0, Leaf::Key { .. })));
        if time + KEY_AHEAD > begins && !genesis {
            report.fault("late-key", format!("the key of epoch {epoch}, entry {position}, came late"));
        }
        report.epochs.push((*epoch, *public_key, genesis && *position == 0));
    }
}

/// Each draw once, after the key of its epoch.
fn draws(leaves: &[(u64, Leaf)], report: &mut Report) {
    let (mut keyed, mut drawn) = (HashSet::new(), HashSet::new());
    for (position, leaf) in leaves {
        match leaf {
            Leaf::Key { epoch, .. } => _ = keyed.insert(*epoch),
            Leaf::Draw(DrawLeaf { epoch, alpha_hash, mode, accept_hash, .. }) => {
                if !keyed.contains(epoch) {
                    report.fault("no-key", format!("draw {position} comes before the key of epoch {epoch}"));
                }
                if !drawn.insert(*alpha_hash) {
                    report.fault("drawn-twice", format!("entry {position} draws what was drawn before"));
                }
                if (*mode == 1) == (*accept_hash == [0; 32]) {
                    report.fault("mode", format!("entry {position}: acceptance and mode do not go together"));
                }
            }
            Leaf::Accept { .. } | Leaf::Void { .. } => {}
        }
    }
}

/// Each accepted draw is made or given up, once and in time, with the round that its time fixes.
fn acceptances(leaves: &[(u64, Leaf)], now: u64, report: &mut Report) {
    let mut open: BTreeMap<Hash, (u64, u64)> = BTreeMap::new();
    for (position, leaf) in leaves {
        match leaf {
            Leaf::Accept { accept_hash, round, time, .. } => {
                if *round != beacon::round_for(*time) {
                    report
                        .fault("round", format!("entry {position} names a round that its time does not fix"));
                }
                if open.insert(*accept_hash, (*position, *time)).is_some() {
                    report.fault(
                        "accepted-twice",
                        format!("entry {position} accepts what was accepted before"),
                    );
                }
            }
            Leaf::Draw(DrawLeaf { accept_hash, mode: 1, .. }) if open.remove(accept_hash).is_none() => {
                report
                    .fault("not-accepted", format!("draw {position} was not accepted, or was ended already"));
            }
            Leaf::Void { accept_hash, time } => match open.remove(accept_hash) {
                None => report.fault("not-accepted", format!("entry {position} gives up what is not open")),
                Some((_, accepted)) if *time > accepted + REVEAL_WITHIN + MARGIN => {
                    report.fault("late-void", format!("entry {position} gives up too late"));
                }
                Some(_) => {}
            },
            Leaf::Draw(_) | Leaf::Key { .. } => {}
        }
    }
    for (position, time) in open.into_values() {
        if now > time + REVEAL_WITHIN + MARGIN {
            report.fault(
                "withheld",
                format!("the draw accepted in entry {position} was neither made nor given up"),
            );
        }
    }
}

fn counts(leaves: &[(u64, Leaf)]) -> Counts {
    let mut counts = Counts::default();
    for (_, leaf) in leaves {
        match leaf {
            Leaf::Key { .. } => counts.keys += 1,
            Leaf::Draw(draw) => {
                counts.draws += 1;
                *counts.by_label.entry(draw.context.ctx).or_default() += 1;
                *counts.by_epoch.entry(draw.epoch).or_default() += 1;
            }
            Leaf::Accept { .. } => counts.accepted += 1,
            Leaf::Void { .. } => counts.given_up += 1,
        }
    }
    counts
}
