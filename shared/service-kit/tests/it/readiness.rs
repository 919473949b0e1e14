use devnet::{Devnet, Options};
use serde_json::Value;
use x402::{Network, SigningKey};

use crate::{
    answers, offline,
    support::{PAY_TO, Program, Running, client, fetch, pauper, payment},
};

/// The example, selling on what will listen at a port.
fn on_port(network: &str, port: u16) -> Program {
    answers().on(network, &format!("http://127.0.0.1:{port}")).env("X402_PAY_TO", PAY_TO)
}

/// A port that nothing listens at, for now.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

async fn chain_at(port: u16) -> Devnet {
    Devnet::start(Options { port: Some(port), ..Options::default() }).await.expect("a chain")
}

/// Pays on the service's own offer, without having the money.
async fn pay(running: &Running) -> reqwest::Response {
    let header = payment(&running.get("/v1/answer").await, &pauper(), 9);
    let request = client().get(format!("{}/v1/answer", running.public)).header("payment-signature", header);
    request.send().await.expect("an answer")
}

async fn reason(answer: reqwest::Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.expect("JSON");
    (status, body["reason"].as_str().or(body["error"].as_str()).unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_service_starts_without_its_chain_and_sells_once_it_comes() {
    let port = free_port();
    let running = on_port("devnet", port).start();
    let report = running.until_ready(503).await;
    assert_eq!(report["checks"]["rpc"]["ok"], false, "{report}");
    assert_eq!(report["checks"]["database"]["ok"], true, "{report}");
    assert_eq!(running.get("/v1/answer").await.status(), 402, "the price is known without a chain");
    assert_eq!(pay(&running).await.status(), 503, "nothing is claimed on a chain that was never checked");

    let _chain = chain_at(port).await;
    let report = running.until_ready(200).await;
    assert_eq!(report["ready"], true);
    assert_eq!(report["checks"]["signers"]["ok"], true, "{report}");
    assert_eq!(reason(pay(&running).await).await, (402, "insufficient_funds".to_owned()));
}

#[tokio::test]
async fn readiness_goes_with_the_chain() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let running = answers().on("devnet", chain.rpc_url()).env("X402_PAY_TO", PAY_TO).start();
    running.until_ready(200).await;
    chain.stop().await.expect("it stops");
    let report = running.until_ready(503).await;
    assert_eq!(report["checks"]["rpc"]["ok"], false, "{report}");
    assert_eq!(fetch(&format!("{}/healthz", running.admin)).await.status(), 200, "it lives all the same");
}

#[tokio::test]
async fn a_signer_without_gas_is_not_ready_and_is_named() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let program = answers().on("devnet", chain.rpc_url()).env("X402_PAY_TO", PAY_TO);
    let poor = program.file("poor.key", &"7".repeat(64));
    let running = program.arg("--signer-key-file").arg(&poor).start();
    let key: SigningKey = "7".repeat(64).parse().expect("a key");
    running.log.wait_for(|line| line["message"] == "selling");
    let end = std::time::Instant::now() + crate::support::PATIENCE;
    let report = loop {
        let report = running.until_ready(503).await;
        if report["checks"]["signers"].is_object() || std::time::Instant::now() > end {
            break report;
        }
    };
    assert_eq!(report["checks"]["signers"]["ok"], false, "{report}");
    assert_eq!(report["checks"]["rpc"]["ok"], true, "{report}");
    let detail = report["checks"]["signers"]["detail"].as_str().expect("text");
    assert!(detail.contains(&key.address().to_string()), "{report}");
}

#[tokio::test]
async fn the_metrics_name_chain_and_signer() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let running = answers().on("devnet", chain.rpc_url()).env("X402_PAY_TO", PAY_TO).start();
    running.until_ready(200).await;
    running.get("/v1/answer").await;
    let metrics = fetch(&format!("{}/metrics", running.admin)).await.text().await.expect("text");
    for expected in ["rpc_head_age_seconds ", "signer_gas_wei{signer=\"0x15d34AAf", "x402_challenges_total 1"]
    {
        assert!(metrics.contains(expected), "no {expected} in {metrics}");
    }
}

#[tokio::test]
async fn a_chain_that_is_another_network_ends_the_start() {
    let chain = Devnet::start(Options::default()).await.expect("a chain");
    let output = answers().on("base", chain.rpc_url()).env("X402_PAY_TO", PAY_TO).run();
    assert_eq!(output.status.code(), Some(64));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("error: the RPC serves chain 84532, not 8453"), "{error}");
}

#[tokio::test]
async fn a_chain_that_turns_out_to_be_another_network_ends_the_service() {
    let port = free_port();
    let mut running = on_port("base", port).signing(Network::Base).start();
    running.until_ready(503).await;
    let _chain = chain_at(port).await;
    assert_eq!(running.wait().code(), Some(64));
}

#[tokio::test]
async fn a_ledger_of_another_payee_is_refused() {
    let first = offline().start();
    first.log.wait_for(|line| line["message"] == "selling");
    let ledger = format!("sqlite://{}", first.folder.path().join("data/answers.db").display());
    first.signal("TERM");
    let mut first = first;
    assert!(first.wait().success());
    let other =
        offline().env("DATABASE_URL", &ledger).arg("--pay-to=0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
    let output = other.run();
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--database-url"));
}
