//! The verifiers that are not the crate: the Python file, and the page's module, in Node and in a real browser.

mod browser;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use draw::{Draw, DrawInput, DrawReceipt, DrawRequest, Mode, Scheme, SecretKey, Terms};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::offline;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");
const CORPUS: &str = include_str!("../../../../../shared/draw/tests/vectors/corpus.json");

fn corpus() -> Vec<Value> {
    serde_json::from_str(CORPUS).expect("JSON")
}

/// Runs a script of this folder, gives it lines, and gets its lines.
fn run(program: &str, script: &str, input: &str) -> Vec<String> {
    let script = Path::new(CRATE).join("tests/it/verifiers").join(script);
    let mut child = Command::new(program)
        .arg(script)
        .env("ASSETS", Path::new(CRATE).join("assets"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the interpreter runs");
    let mut stdin = child.stdin.take().expect("stdin");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("a thread").expect("all is read");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

fn lines(values: impl IntoIterator<Item = Value>) -> String {
    values.into_iter().map(|value| value.to_string() + "\n").collect()
}

fn agrees(program: &str, script: &str, expected: impl Fn(&Value) -> &Value) {
    let cases = corpus();
    let verdicts = run(program, script, &lines(cases.clone()));
    assert_eq!(verdicts.len(), cases.len());
    for (case, verdict) in cases.iter().zip(verdicts) {
        assert_eq!(&Value::from(verdict), expected(case), "{}", case["name"]);
    }
}

#[test]
fn python_agrees_on_every_receipt_of_the_corpus() {
    agrees("python3", "corpus.py", |case| case.get("withoutBeacon").unwrap_or(&case["verdict"]));
}

#[test]
fn the_module_agrees_on_every_receipt_of_the_corpus() {
    agrees("node", "corpus.mjs", |case| &case["verdict"]);
}

/// A request that a number decides: every operation, small and large ranges, several draws.
fn request(number: u32) -> DrawRequest {
    let digest = Sha256::digest(number.to_be_bytes());
    let word = |at: usize| u64::from_be_bytes(std::array::from_fn(|i| digest[at + i]));
    let (a, b, count) = (word(0), word(8) >> (number % 60), u32::from(digest[16]) % 9 + 1);
    let small = u32::try_from(b >> 32).expect("32 bits");
    let draw = |kind: u32| match kind % 9 {
        0 => Draw::Bytes { count: count * 3 },
        1 => Draw::Integers { min: a.min(b), max: a.max(b), count },
        2 => Draw::Floats { count },
        3 => Draw::Dice { count, sides: small.max(1) },
        4 => Draw::Shuffle { n: count * 2 },
        5 => Draw::Sample { n: small.max(count), k: count },
        6 => Draw::Weighted { weights: vec![b >> 2, a >> 2, 0, 1], count },
        7 => Draw::Passwords { length: count + 3, charset: "ab\"\\ ~9".into(), count },
        _ => Draw::Uuids { count },
    };
    let draws = (0..=number % 3).map(|index| draw(number / 3 + index)).collect();
    let label = number.is_multiple_of(2).then(|| format!("r\u{f6}und {number}"));
    DrawRequest::on(draws, Terms { label, ..Terms::default() }).expect("a request")
}

/// Ten thousand draws, byte for byte: values of each as JSON, hashed.
#[test]
fn ten_thousand_draws_come_out_the_same() {
    let secret = SecretKey::from_seed(&[7; 32]);
    let receipts: Vec<_> = (0..10_000_u32)
        .map(|number| {
            let input = DrawInput {
                epoch: 20_000,
                scheme: Scheme::Exact,
                chain_id: 84532,
                asset: [0xaa; 20],
                payer: [0xbb; 20],
                nonce: Sha256::digest(number.to_le_bytes()).into(),
                mode: Mode::Instant,
            };
            DrawReceipt::draw(&secret, &input, request(number)).expect("a draw")
        })
        .collect();
    let texts = |receipt: &DrawReceipt| {
        let values: Vec<_> =
            receipt.values.iter().map(|values| json!([values.op(), values.texts()])).collect();
        hex::encode(Sha256::digest(json!(values).to_string()))
    };
    let expected: Vec<_> = receipts.iter().map(texts).collect();
    let input = lines(receipts.iter().map(|receipt| json!(receipt)));
    assert!(run("node", "values.mjs", &input) == expected, "the module draws otherwise");
    assert!(run("python3", "values.py", &input) == expected, "Python draws otherwise");
}

#[tokio::test]
async fn the_home_page_shows_key_checkpoint_and_log() {
    let running = offline().arg("--log-origin=rng.example/log").start();
    let terms: Value = running.get("/v1/key").await.json().await.expect("JSON");
    let page = running.get("/").await.text().await.expect("text");
    let key = terms["publicKey"].as_str().expect("a key");
    for expected in [key, "rng.example/log", "key of an epoch", "Not prevented", "/verify.py"] {
        assert!(page.contains(expected), "the page lacks {expected}");
    }
    let script = running.get("/verify.py").await.text().await.expect("text");
    assert_eq!(script, std::fs::read_to_string(format!("{CRATE}/assets/verify.py")).expect("a file"));
}
