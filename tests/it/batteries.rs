//! Published batteries of other makers, run against us as they are. `tests/clients/python` pins them.

use std::{path::PathBuf, process::Stdio, time::Duration};

use devnet::{Devnet, Options};
use serde_json::Value;
use tokio::process::Command;

use crate::{
    program::{PAY_TO, Program, Running},
    support::binary,
};

/// How long a battery may take: one of them starts a chain and a seller for each of its ten modes.
const PATIENCE: Duration = Duration::from_secs(400);

/// PyPI `hostile-facilitator`: it takes the money, and then hangs, errs, or asks again. It counts the nonces it was shown.
/// The four modes that ask for a `/reconcile` of its own are not exercised: we ask the chain instead.
#[tokio::test]
async fn no_facilitator_gets_two_payments_for_one_purchase() {
    let folder = tempfile::tempdir().expect("a folder");
    let verdicts = folder.path().join("verdicts.json");
    let mut battery = tool("hostile-facilitator");
    battery.args(["test", "--facilitator-env", "X402_FACILITATOR_URL", "--client-timeout", "2", "--json"]);
    battery.arg(&verdicts).arg("--").arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pay-once.sh"));

    succeeds(battery).await;

    let verdicts = std::fs::read(verdicts).expect("verdicts");
    let verdicts: Value = serde_json::from_slice(&verdicts).expect("JSON");
    for mode in verdicts["results"].as_array().expect("modes") {
        let (name, verdict) = (mode["mode"].as_str().expect("a name"), &mode["verdict"]);
        assert!(verdict == "pass" || (verdict == "not_exercised" && name.starts_with("reconcile")), "{mode}");
        assert_eq!(mode["distinct"], 1, "{name}: the buyer reached the facilitator, with one authorization");
    }
}

/// PyPI `x402-conformance`, over an unpaid answer of a service.
#[tokio::test]
async fn the_402_conforms() {
    let (_chain, rng) = serve("rng").await;
    let mut checks = tool("x402conf");
    checks.args(["resource", &format!("{}/v1/random", rng.public), "--fail-on-error"]);
    succeeds(checks).await;
}

/// The same, over what the facilitator supports.
#[tokio::test]
async fn the_facilitator_conforms() {
    let (_chain, facilitator) = serve("facilitator").await;
    let mut checks = tool("x402conf");
    checks.args(["live", &facilitator.public, "--fail-on-error"]);
    succeeds(checks).await;
}

async fn serve(program: &str) -> (Devnet, Running) {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let service = Program::new(binary(program)).on("devnet", chain.rpc_url().as_ref());
    let service = service.env("X402_PAY_TO", PAY_TO).start();
    service.until_ready(200).await;
    (chain, service)
}

fn tool(name: &str) -> Command {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients/python/.venv/bin").join(name);
    assert!(path.exists(), "{} is missing: run `make test`, or `make setup-clients`", path.display());
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn succeeds(mut command: Command) {
    let output =
        tokio::time::timeout(PATIENCE, command.output()).await.expect("an end").expect("a tool that runs");
    let (said, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{said}{complaint}", output.status);
}
