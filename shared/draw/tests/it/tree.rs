//! The tree against its definition, RFC 9162 section 2.1, computed here the slow way.

use draw::tree::{
    Hash, Node, TreeError, completed_by, consistency_path, empty_root, fold, inclusion_path, leaf_hash,
    node_hash, nodes_of, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use std::collections::HashMap;
use std::ops::Range;

/// The definition, over leaves that are their own numbers.
fn root_of(range: Range<u64>) -> Hash {
    match range.end - range.start {
        0 => empty_root(),
        1 => leaf_hash(&range.start.to_be_bytes()),
        size => {
            let middle = range.start + size.next_power_of_two() / 2;
            node_hash(&root_of(range.start..middle), &root_of(middle..range.end))
        }
    }
}

/// A tree as a log keeps it: nodes as they are completed.
fn stored(size: u64) -> HashMap<Node, Hash> {
    let mut nodes = HashMap::new();
    for index in 0..size {
        nodes.insert(Node { level: 0, index }, leaf_hash(&index.to_be_bytes()));
        for node in completed_by(index) {
            let child = |side| nodes[&Node { level: node.level - 1, index: node.index * 2 + side }];
            nodes.insert(node, node_hash(&child(0), &child(1)));
        }
    }
    nodes
}

fn hashes(stored: &HashMap<Node, Hash>, path: &[Range<u64>]) -> Vec<Hash> {
    let hash = |range: &Range<u64>| {
        fold(&nodes_of(range.clone()).iter().map(|node| stored[node]).collect::<Vec<_>>()).unwrap()
    };
    path.iter().map(hash).collect()
}

#[test]
fn the_empty_tree_and_the_first_leaf_are_as_in_rfc_6962s_tests() {
    assert_eq!(hex::encode(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(
        hex::encode(leaf_hash(b"")),
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    );
}

#[test]
fn every_leaf_and_every_prefix_of_small_trees_is_proven() {
    let nodes = stored(40);
    for size in 1..=40 {
        let root = root_of(0..size);
        let stored = nodes_of(0..size).iter().map(|node| nodes[node]).collect::<Vec<_>>();
        assert_eq!(fold(&stored), Some(root), "{size}");
        for index in 0..size {
            let leaf = leaf_hash(&index.to_be_bytes());
            let path = hashes(&nodes, &inclusion_path(index, size));
            assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()), "{index} in {size}");
        }
        for old in 0..=size {
            let path = hashes(&nodes, &consistency_path(old, size));
            let before = root_of(0..old);
            assert_eq!(verify_consistency((old, &before), (size, &root), &path), Ok(()), "{old} to {size}");
        }
    }
}

#[test]
fn a_tree_that_shrank_or_a_leaf_outside_is_refused() {
    let root = root_of(0..3);
    let outside = verify_inclusion(&root, 3, 3, &[], &root);
    assert_eq!(outside, Err(TreeError::Outside { index: 3, size: 3 }));
    let shrunk = verify_consistency((3, &root), (2, &root_of(0..2)), &[]);
    assert_eq!(shrunk, Err(TreeError::Shrunk { old: 3, new: 2 }));
}

proptest! {
    /// Any other leaf, place, size, root or path.
    #[test]
    fn no_edited_proof_of_inclusion_holds(size in 2..200_u64, index in any::<u64>(), which in 0..5, at in any::<usize>()) {
        let index = index % size;
        let nodes = stored(size);
        let (mut leaf, mut root) = (nodes[&Node { level: 0, index }], root_of(0..size));
        let mut path = hashes(&nodes, &inclusion_path(index, size));
        let mut place = index;
        let length = path.len();
        match which {
            0 => leaf[at % 32] ^= 1,
            1 => root[at % 32] ^= 1,
            2 => path[at % length][at % 32] ^= 1,
            3 => path.insert(at % (length + 1), [9; 32]),
            _ => place = (index + 1) % size,
        }
        prop_assert!(verify_inclusion(&leaf, place, size, &path, &root).is_err());
    }

    /// A log that changed an old leaf cannot prove that it only grew.
    #[test]
    fn no_rewritten_log_is_consistent(old in 1..100_u64, more in 1..100_u64, at in any::<usize>()) {
        let new = old + more;
        let nodes = stored(new);
        let path = hashes(&nodes, &consistency_path(old, new));
        let mut before = root_of(0..old);
        before[at % 32] ^= 1;
        prop_assert!(verify_consistency((old, &before), (new, &root_of(0..new)), &path).is_err());
    }
}
