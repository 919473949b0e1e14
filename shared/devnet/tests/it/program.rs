//! The program, as people and scripts meet it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use devnet::{Description, Devnet, Options, USDC};
use serde_json::json;

use crate::{
    chain::silence,
    line::{call, client},
};

fn devnet() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devnet"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts a chain and waits until its ready file is there.
async fn up(ready: &Path) -> (Child, Description) {
    up_with(ready, &[]).await
}

async fn up_with(ready: &Path, more: &[&str]) -> (Child, Description) {
    let arguments = ["up", "--port", "0", "--block-time", "auto", "--ready-file"];
    let child = devnet().args(arguments).arg(ready).args(more).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !ready.exists() {
        assert!(Instant::now() < deadline, "no ready file");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (child, serde_json::from_slice(&std::fs::read(ready).unwrap()).unwrap())
}

/// Sends a signal and collects what the program leaves.
fn end(child: Child, signal: &str) -> Output {
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn up_serves_until_it_is_asked_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    for signal in ["-INT", "-TERM"] {
        let (child, chain) = up(&ready).await;
        assert_eq!((chain.chain_id, chain.usdc, chain.accounts.len()), (84_532, USDC, 60));
        assert_eq!(chain.pay_to.persona, chain.accounts[3].address);

        let output = end(child, signal);
        assert_eq!(output.status.code(), Some(0), "{signal}");
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8(output.stderr).unwrap().contains(&chain.rpc_url));
        assert!(!ready.exists());
        silence(&chain.rpc_url).await;
    }
}

#[tokio::test]
async fn the_chain_does_not_outlive_a_killed_program() {
    let folder = tempfile::tempdir().unwrap();
    let (child, chain) = up(&folder.path().join("ready.json")).await;
    end(child, "-KILL");
    silence(&chain.rpc_url).await;
}

#[tokio::test]
async fn a_second_url_has_the_faults() {
    let folder = tempfile::tempdir().unwrap();
    let (child, chain) =
        up_with(&folder.path().join("ready.json"), &["--fault-rpc", "429=next:1,seed=3"]).await;
    let faulty = chain.faulty_rpc_url.unwrap();
    let ask = async |url: &str| {
        client().post(url).json(&call(1, "eth_chainId", json!([]))).send().await.unwrap().status()
    };
    assert_eq!([ask(&chain.rpc_url).await, ask(&faulty).await, ask(&faulty).await], [200, 429, 200]);
    let output = end(child, "-TERM");
    assert!(String::from_utf8(output.stderr).unwrap().contains(&faulty));
    silence(&faulty).await;
}

#[tokio::test]
async fn a_proxy_stands_before_any_server_and_says_where_and_what_it_did() {
    let chain = Devnet::start(Options::default()).await.unwrap();
    let faults = ["--faults", "502@/settle=0.5,seed=1", "--seed", "2"];
    let mut child = devnet().args(["proxy", "--target", chain.rpc_url()]).args(faults).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let ask = async |path: &str| client().get(format!("{}{path}", url.trim())).send().await.unwrap().status();
    assert_ne!(ask("/verify").await, 502);
    let mut failures = 0;
    for _ in 0..40 {
        failures += usize::from(ask("/settle").await == 502);
    }
    assert!((5..35).contains(&failures), "{failures} of 40");

    let output = end(child, "-INT");
    assert_eq!(output.status.code(), Some(0));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("502@/settle=0.5,seed=2"), "{words}");
    assert!(words.contains(&format!("41 requests, 41 forwarded, {failures} 502")), "{words}");
    silence(url.trim()).await;
}

#[test]
fn faults_that_cannot_be_read_are_a_wrong_command_line() {
    for arguments in [
        &["up", "--port", "0", "--fault-rpc", "drop=2"][..],
        &["proxy", "--target", "http://127.0.0.1:1", "--faults", "drop=2"],
    ] {
        let output = devnet().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains("`drop=2`: expected a probability from 0 to 1"), "{words}");
    }
    let output = devnet().args(["proxy", "--target", "chain"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
}

#[test]
fn a_wrong_command_line_is_told_by_the_exit_code() {
    for arguments in [&["up", "--block-time", "0"][..], &["up", "--port", "x"], &["down"], &[]] {
        assert_eq!(devnet().args(arguments).output().unwrap().status.code(), Some(64), "{arguments:?}");
    }
    assert_eq!(devnet().arg("--help").output().unwrap().status.code(), Some(0));
}

#[test]
fn a_missing_anvil_is_told_with_what_to_do() {
    let output = devnet().arg("up").env("ANVIL", "no/such/anvil").output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("no/such/anvil") && words.contains("make setup"), "{words}");
}
