//! What a stranger sends never panics, and never passes for the receipt that it was made from.

use draw::{DrawReceipt, DrawRequest};
use proptest::prelude::*;

const GOOD: &str = include_str!("../vectors/every_operation.json");

fn read(json: &[u8]) {
    let _ = DrawRequest::from_json(json);
    if let Ok(receipt) = DrawReceipt::from_json(json) {
        let _ = receipt.verify(None);
    }
}

proptest! {
    #[test]
    fn any_bytes(json: Vec<u8>) {
        read(&json);
    }

    #[test]
    fn any_text_with_the_characters_of_json(json in r#"[\[\]{}":,0-9a-z. \\-]{0,200}"#) {
        read(json.as_bytes());
    }

    #[test]
    fn requests_of_any_shape(
        op in "bytes|dice|sample|weighted|integers",
        name in "count|n|k|weights|min|max|sides",
        value in r#"[0-9]{1,25}|"[0-9]{1,25}"|\[[0-9]{1,3}\]|\{\}"#,
    ) {
        read(format!(r#"{{"draws":[{{"op":"{op}","{name}":{value}}}]}}"#).as_bytes());
    }

    #[test]
    fn a_spliced_receipt(
        at in 0..GOOD.len(),
        cut in 0..8_usize,
        patch in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut json = GOOD.as_bytes().to_vec();
        let end = (at + cut).min(json.len());
        json.splice(at..end, patch);
        read(&json);
        let good = DrawReceipt::from_json(GOOD.as_bytes()).unwrap();
        let key = draw::PublicKey::from_bytes(good.public_key).unwrap();
        let spliced = DrawReceipt::from_json(&json).and_then(|receipt| receipt.verify(Some(&key)));
        if let Ok(verified) = spliced {
            prop_assert_eq!(verified, good.verify(Some(&key)).unwrap());
        }
    }
}

#[test]
fn deep_nesting() {
    read("[".repeat(200_000).as_bytes());
    read(r#"{"draws":"#.repeat(10_000).as_bytes());
}
