//! `persona`, as its operator and its customers see it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends where something is not as expected")]

#[path = "../../../../shared/service-kit/tests/support/mod.rs"]
mod support;

mod answers;
mod audiences;
mod documents;
mod free;
mod interviews;
mod ratings;
mod sale;
mod sample;
mod words;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;
use support::{NOWHERE, PAY_TO, Program};

/// The service, selling on a chain that does not answer.
fn offline() -> Program {
    persona().on("devnet", NOWHERE).env("X402_PAY_TO", PAY_TO)
}

fn persona() -> Program {
    Program::new(env!("CARGO_BIN_EXE_persona"))
}

/// What `persona answer --jsonl` prints to these lines.
fn answer_lines(lines: &[String]) -> Vec<String> {
    answer_lines_with(&[], lines)
}

fn answer_lines_with(environment: &[(String, String)], lines: &[String]) -> Vec<String> {
    let mut process = Command::new(env!("CARGO_BIN_EXE_persona"))
        .args(["answer", "--jsonl"])
        .envs(environment.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let input = lines.join("\n");
    let mut stdin = process.stdin.take().expect("stdin");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).expect("it reads"));
    let output = process.wait_with_output().expect("it ends");
    writer.join().expect("all was written");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

fn answers(queries: &[Value]) -> Vec<Value> {
    answers_with(&[], queries)
}

fn answers_with(environment: &[(String, String)], queries: &[Value]) -> Vec<Value> {
    let lines: Vec<String> = queries.iter().map(Value::to_string).collect();
    let answers = answer_lines_with(environment, &lines);
    assert_eq!(answers.len(), queries.len());
    answers.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What a 402 offers.
fn offered(response: &reqwest::Response) -> Value {
    let header = response.headers().get("payment-required").expect("an offer");
    let offer: x402::PaymentRequired = x402::decode_header(header.as_bytes()).expect("an offer");
    serde_json::to_value(offer).expect("JSON")
}
