//! The Merkle tree of the log: RFC 9162 section 2.1, over SHA-256.
//!
//! A log keeps the hash of every complete subtree, a [`Node`]. Roots and proofs are made of ranges of leaves, each the
//! [`fold`] of a few nodes; which ones, is a matter of arithmetic, done here without a log at hand.

use std::ops::Range;

use sha2::{Digest, Sha256};

mod verify;

pub use verify::{TreeError, verify_consistency, verify_inclusion};

/// The hash of a leaf or of a subtree.
pub type Hash = [u8; 32];

/// A complete subtree: 2^`level` leaves from leaf `index` * 2^`level` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// 0 for a leaf.
    pub level: u32,
    /// Which subtree of that level, counted from 0.
    pub index: u64,
}

/// The hash of an entry as a leaf.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new_with_prefix([0]).chain_update(entry).finalize().into()
}

/// The hash of two neighbouring subtrees.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree without leaves.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The complete subtrees that make up a range of leaves, from left to right. The range is one of those that
/// [`inclusion_path`] and [`consistency_path`] yield, or starts at 0.
pub fn nodes_of(range: Range<u64>) -> Vec<Node> {
    let Range { mut start, end } = range;
    let mut nodes = Vec::new();
    while start < end {
        let level = start.trailing_zeros().min((end - start).ilog2());
        nodes.push(Node { level, index: start >> level });
        start += 1 << level;
    }
    nodes
}

/// The hash of a range from those of its [`nodes_of`]. Nothing for no nodes.
pub fn fold(hashes: &[Hash]) -> Option<Hash> {
    let (last, rest) = hashes.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// The subtrees that leaf `index` completes when it is appended, from the bottom up and without the leaf itself. Each
/// is the [`node_hash`] of the two below it.
pub fn completed_by(index: u64) -> impl Iterator<Item = Node> {
    let count = index + 1;
    (1..=count.trailing_zeros()).map(move |level| Node { level, index: (count >> level) - 1 })
}

/// The ranges whose hashes prove that leaf `index` is in the tree of `size` leaves, in the order of the proof.
pub fn inclusion_path(index: u64, size: u64) -> Vec<Range<u64>> {
    let (mut range, mut path) = (0..size, Vec::new());
    while range.end - range.start > 1 {
        let middle = range.start + split(range.end - range.start);
        let (left, right) = (range.start..middle, middle..range.end);
        let (inside, sibling) = if index < middle { (left, right) } else { (right, left) };
        path.push(sibling);
        range = inside;
    }
    path.reverse();
    path
}

/// The ranges whose hashes prove that the tree of `old` leaves is the beginning of that of `new`, in the order of the
/// proof. Nothing needs proof where `old` is 0 or `new`.
pub fn consistency_path(old: u64, new: u64) -> Vec<Range<u64>> {
    if old == 0 || old >= new {
        return Vec::new();
    }
    let (mut range, mut path) = (0..new, Vec::new());
    while range.end != old {
        let middle = range.start + split(range.end - range.start);
        let (left, right) = (range.start..middle, middle..range.end);
        let (inside, sibling) = if old <= middle { (left, right) } else { (right, left) };
        path.push(sibling);
        range = inside;
    }
    // The verifier has the old root already, unless it is not a subtree of the new tree.
    if range.start > 0 {
        path.push(range);
    }
    path.reverse();
    path
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
