//! A draw by the beacon through the programs that people run, on the evening of 2023 whose round is recorded: the clocks of the
//! chain, the service and the buyer are set back to it, and a relay on this machine replays what quicknet published.

use std::{
    fs,
    process::{Command, Stdio},
};

use axum::{Json, Router, extract, http::StatusCode, routing::get};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use devnet::{Devnet, Options};
use draw::beacon::{CHAIN_HASH, DELAY, time_of};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    program::Program,
    support::{BuyerCommand, binary},
};

const ROUND: u64 = 1000;
/// What quicknet published.
const SIGNATURE: &str = include_str!("../../shared/draw/tests/vectors/quicknet-1000.hex");

/// A program's clock, stopped where an accepted draw waits for that round. Waiting goes on as ever.
fn clock() -> [(&'static str, String); 5] {
    let folders = fs::read_dir("/usr/lib").expect("a folder").filter_map(Result::ok);
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let library = libraries.find(|library| library.exists()).expect("faketime: deploy/need.sh installs it");
    [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME", (time_of(ROUND) - DELAY).to_string()),
        ("FAKETIME_FMT", "%s".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("NO_FAKE_STAT", "1".to_owned()),
    ]
}

/// A relay that has the one round, as drand's own answer it.
async fn relay() -> String {
    let answer = async |extract::Path(round): extract::Path<u64>| match round {
        ROUND => Ok(Json(json!({ "round": round, "signature": SIGNATURE }))),
        _ => Err(StatusCode::NOT_FOUND),
    };
    let router = Router::new().route(&format!("/{CHAIN_HASH}/public/{{round}}"), get(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// What a page shows in a browser.
fn shown(url: &str) -> String {
    let profile = tempfile::tempdir().expect("a folder");
    let mut chromium = Command::new("chromium");
    chromium.args([
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=20000",
        "--dump-dom",
    ]);
    chromium.arg(format!("--user-data-dir={}", profile.path().display())).arg(url).stderr(Stdio::null());
    String::from_utf8(chromium.output().expect("chromium runs").stdout).expect("text")
}

#[tokio::test]
async fn a_draw_by_the_beacon_is_bought_and_convinces_every_verifier() {
    let at = Some(time_of(ROUND) - DELAY);
    let chain = Devnet::start(Options { starts_at: at, ..Options::default() }).await.expect("a chain");
    let mut rng = Program::new(binary("rng")).on("devnet", chain.rpc_url());
    rng = rng.env("X402_PAY_TO", &chain.pay_to().rng.to_string()).env("RNG_BEACON_RELAY", &relay().await);
    let mut buyer = BuyerCommand::new(&chain, 0);
    for (name, value) in clock() {
        rng = rng.env(name, &value);
        buyer = buyer.env(name, &value);
    }
    let rng = rng.start();
    let draw = ["draw", "--url", &rng.public, "--sample", "6/49", "--beacon", "--save", "draw.json"];
    let drawn = buyer.run(&draw).await;
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));

    let checked = buyer.run(&["verify", "draw.json"]).await;
    let report = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && report.contains("round 1000 of quicknet"), "{report}");

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../services/rng/assets/verify.py");
    let python = Command::new("python3").arg(script).arg(buyer.path("draw.json")).output().expect("python3");
    let report = String::from_utf8_lossy(&python.stdout);
    let unchecked = "beacon signature: not checked (round 1000)";
    assert!(python.status.success() && report.contains(unchecked), "{report}");

    let file = fs::read(buyer.path("draw.json")).expect("a file");
    let page = shown(&format!("{}/verify#{}", rng.public, BASE64_URL_SAFE_NO_PAD.encode(&file)));
    assert!(
        page.contains("data-verdict=\"ok\"")
            && page.contains("round 1000 of quicknet, its signature checked")
    );

    let file: Value = serde_json::from_slice(&file).expect("JSON");
    assert_eq!(file["draw"]["mode"]["beacon"]["round"], ROUND);
}
