//! `scraper extract` as a program.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

fn scraper(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scraper"));
    command
        .arg("extract")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("scraper starts");
    let mut stdin = child.stdin.take().expect("stdin");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("scraper ends");
    writer.join().expect("written").expect("read to the end");
    output
}

#[test]
fn a_page_on_stdin_is_markdown_on_stdout() {
    let page = encoding_rs::WINDOWS_1252
        .encode("<main><h1>Caf\u{e9}</h1><p>See <a href='/menu'>the menu</a>.</p></main>")
        .0;
    let output = scraper(&["--url", "https://cafe.example/"], &page);
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "# Caf\u{e9}\n\nSee [the menu](https://cafe.example/menu).\n"
    );
}

#[test]
fn a_page_that_is_refused_is_an_error_with_a_reason() {
    let output = scraper(&["--format", "text"], "<div>".repeat(10_000).as_bytes());
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("nests elements"));
}

#[test]
fn many_pages_are_a_line_each_whatever_they_are() {
    let lines = [
        json!({"id": 1, "url": "https://a.example/", "html": "<p>One.</p>"}).to_string(),
        json!({"id": 2, "html": "<table><tr><td>".repeat(5_000)}).to_string(),
        "{\"id\": 3, \"html\": ".to_owned(),
        String::new(),
        json!({"id": 4, "url": "not a url", "html": "<p>Four.</p>"}).to_string(),
    ];
    let output = scraper(&["--jsonl", "--format", "text"], lines.join("\n").as_bytes());
    assert!(output.status.success());
    let answers: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), 4);
    assert_eq!((&answers[0]["id"], &answers[0]["text"]), (&json!(1), &json!("One.")));
    assert_eq!((&answers[1]["id"], &answers[1]["error"]["kind"]), (&json!(2), &json!("too_deep")));
    assert_eq!(answers[2]["error"]["kind"], "bad_line");
    assert_eq!((&answers[3]["url"], &answers[3]["text"]), (&json!("not a url"), &json!("Four.")));
}
