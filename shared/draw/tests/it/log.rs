use draw::leaf::{Context, DrawLeaf};
use draw::note::NoteError;
use draw::{Checkpoint, Leaf, LogKey, LogSigner, Promise};
use proptest::prelude::*;

fn signer() -> LogSigner {
    LogSigner::new("rng.example/log", &[9; 32]).unwrap()
}

/// The note of golang.org/x/mod/sumdb/note, which every implementation tests with.
#[test]
fn a_note_of_another_implementation_opens() {
    let key = "1a5cd907143c384c41e830c5bce12aa8817ec5649aaabf2c31388b35b2d744d6";
    let key = hex::decode(key).unwrap();
    let key = LogKey::new("PeterNeumann", key.try_into().unwrap()).unwrap();
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let signature =
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    let note = format!("{text}\n\u{2014} PeterNeumann {signature}\n");
    assert_eq!(key.open(&note), Ok(text));
    assert!(key.to_string().starts_with("PeterNeumann+c74f20a3+"));
}

#[test]
fn a_checkpoint_reads_back_under_its_key_only() {
    let checkpoint = Checkpoint { size: 12, root: [3; 32] };
    let note = checkpoint.sign(&signer());
    assert_eq!(Checkpoint::open(&note, signer().public()), Ok(checkpoint));
    let other = LogSigner::new("rng.example/log", &[8; 32]).unwrap();
    assert_eq!(Checkpoint::open(&note, other.public()), Err(NoteError::NotSigned));
    let renamed = LogSigner::new("rng.example/other", &[9; 32]).unwrap();
    assert_eq!(Checkpoint::open(&note, renamed.public()), Err(NoteError::NotSigned));
    let edited = note.replacen("12", "13", 1);
    assert_eq!(Checkpoint::open(&edited, signer().public()), Err(NoteError::Signature));
}

#[test]
fn a_witness_may_add_a_line_of_its_own() {
    let note = Checkpoint { size: 1, root: [3; 32] }.sign(&signer());
    let witnessed = format!("{note}\u{2014} witness.example AAAAAAEC\n");
    assert!(Checkpoint::open(&witnessed, signer().public()).is_ok());
    assert!(Checkpoint::open(&format!("{note}not a signature\n"), signer().public()).is_err());
}

#[test]
fn promise_and_checkpoint_are_not_mistaken_for_each_other() {
    let promise = Promise { leaf: [5; 32], include_by: 1_800_000_000 };
    let (note, key) = (promise.sign(&signer()), signer());
    assert_eq!(Promise::open(&note, key.public()), Ok(promise));
    assert!(matches!(Checkpoint::open(&note, key.public()), Err(NoteError::Content(_))));
    let checkpoint = Checkpoint { size: 1, root: [5; 32] }.sign(&key);
    assert!(matches!(Promise::open(&checkpoint, key.public()), Err(NoteError::Content(_))));
}

#[test]
fn names_and_keys_that_would_be_ambiguous_are_refused() {
    for name in ["", "two words", "a+b", "line\nbreak"] {
        assert!(LogSigner::new(name, &[9; 32]).is_err(), "{name:?}");
    }
    let identity = std::array::from_fn(|i| u8::from(i == 0));
    assert_eq!(LogKey::new("rng.example", identity).unwrap_err(), NoteError::Key);
}

fn any_leaf() -> impl Strategy<Value = Leaf> {
    let hash = any::<[u8; 32]>;
    let context = || (hash(), hash()).prop_map(|(ctx, payer_tag)| Context { ctx, payer_tag });
    prop_oneof![
        (any::<u32>(), hash(), any::<u64>()).prop_map(|(epoch, public_key, time)| Leaf::Key {
            epoch,
            public_key,
            time
        }),
        (any::<u32>(), any::<u8>(), context(), hash(), hash(), hash()).prop_map(
            |(epoch, mode, context, alpha_hash, commitment, accept_hash)| {
                Leaf::Draw(DrawLeaf { epoch, mode, context, alpha_hash, commitment, accept_hash })
            }
        ),
        (any::<u32>(), context(), hash(), any::<u64>(), any::<u64>()).prop_map(
            |(epoch, context, accept_hash, round, time)| Leaf::Accept {
                epoch,
                context,
                accept_hash,
                round,
                time
            }
        ),
        (hash(), any::<u64>()).prop_map(|(accept_hash, time)| Leaf::Void { accept_hash, time }),
    ]
}

proptest! {
    #[test]
    fn entries_read_back(leaf in any_leaf()) {
        prop_assert_eq!(Leaf::decode(&leaf.encode()), Some(leaf));
    }

    #[test]
    fn an_entry_has_one_encoding(mut bytes in any::<Vec<u8>>(), kind in 0..6_u8) {
        if let Some(first) = bytes.first_mut() { *first = kind }
        if let Some(leaf) = Leaf::decode(&bytes) {
            prop_assert_eq!(leaf.encode(), bytes);
        }
    }

    #[test]
    fn no_note_of_a_stranger_opens(note in "\\PC{0,40}\n{0,3}(\u{2014} \\PC{0,30}\n)?") {
        prop_assert!(Checkpoint::open(&note, signer().public()).is_err());
    }
}

#[test]
fn labels_and_payers_have_contexts_of_their_own() {
    let (one, other) = (Context::new(&[1; 20], Some("lottery")), Context::new(&[2; 20], Some("lottery")));
    assert_ne!((one.ctx, one.payer_tag), (other.ctx, other.payer_tag));
    let unlabelled = Context::new(&[1; 20], None);
    assert_ne!(one.ctx, unlabelled.ctx);
    assert_eq!(one.payer_tag, unlabelled.payer_tag);
}
