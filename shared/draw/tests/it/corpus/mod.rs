//! The corpus: receipts, good and hostile, on which every verifier must say the same.

mod hostile;
mod malformed;
mod operator;

use draw::{DrawReceipt, LogKey, PublicKey, Trust, hex_bytes};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use operator::Operator;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/corpus.json");

/// One receipt, what the verifier knows from elsewhere, and what it must say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    trust: Named,
    receipt: Value,
    /// `ok`, or the code of the error.
    verdict: String,
    /// The same of a verifier that cannot check the beacon's signature, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    without_beacon: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<NamedLog>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checkpoint: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedLog {
    origin: String,
    public_key: String,
}

impl Named {
    fn trust(&self) -> Trust {
        let key = |text: &String| PublicKey::from_bytes(hex_bytes::parse(text).unwrap()).unwrap();
        let log =
            |log: &NamedLog| LogKey::new(&log.origin, hex_bytes::parse(&log.public_key).unwrap()).unwrap();
        Trust {
            key: self.key.as_ref().map(key),
            log: self.log.as_ref().map(log),
            checkpoint: self.checkpoint.clone(),
        }
    }
}

fn verdict(case: &Case) -> String {
    let receipt = DrawReceipt::from_json(case.receipt.to_string().as_bytes());
    let verified = receipt.and_then(|receipt| receipt.verify_with(&case.trust.trust()));
    verified.map_or_else(|error| error.code().to_owned(), |_| "ok".to_owned())
}

fn committed() -> Vec<Case> {
    serde_json::from_slice(&std::fs::read(CORPUS).unwrap()).unwrap()
}

#[test]
fn every_receipt_of_the_corpus_gets_its_verdict() {
    for case in committed() {
        assert_eq!(verdict(&case), case.verdict, "{}", case.name);
    }
}

/// Written anew with `UPDATE_CORPUS=1`, which a change of the construction would need, and nothing else does.
#[test]
fn the_corpus_is_what_these_tests_make() {
    let operator = Operator::new();
    let made = [operator::good(&operator), hostile::all(&operator), malformed::all(&operator)].concat();
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        std::fs::write(CORPUS, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    assert!(made == committed(), "the corpus has changed: see UPDATE_CORPUS");
}
