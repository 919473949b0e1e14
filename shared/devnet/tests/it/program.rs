//! `devnet up` as people and scripts meet it.

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use devnet::{Description, USDC};

use crate::chain::silence;

fn devnet() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devnet"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts a chain and waits until its ready file is there.
async fn up(ready: &Path) -> (Child, Description) {
    let arguments = ["up", "--port", "0", "--block-time", "auto", "--ready-file"];
    let child = devnet().args(arguments).arg(ready).spawn().unwrap();
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
