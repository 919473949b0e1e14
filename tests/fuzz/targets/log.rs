//! The transparency log's texts and proofs: leaves, signed notes, checkpoints, inclusion and consistency.
#![no_main]

use arbitrary::Arbitrary;
use draw::{Checkpoint, Leaf, LogKey, Promise, tree};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    key: [u8; 32],
    note: &'a str,
    leaf: &'a [u8],
    root: [u8; 32],
    other: [u8; 32],
    index: u64,
    size: u64,
    path: Vec<[u8; 32]>,
}

fuzz_target!(|input: Input<'_>| {
    let Input { key, note, leaf, root, other, index, size, path } = input;
    if let Ok(key) = LogKey::new("log.example/rng", key) {
        assert!(Checkpoint::open(note, &key).is_err(), "nobody signed it");
        assert!(Promise::open(note, &key).is_err(), "nobody signed it");
    }
    if let Some(decoded) = Leaf::decode(leaf) {
        assert_eq!(decoded.encode(), leaf, "one encoding a leaf");
    }
    let _ = tree::verify_inclusion(&other, index, size, &path, &root);
    let _ = tree::verify_consistency((index, &other), (size, &root), &path);
});
