use serde_json::Value;
use x402::Network;

use crate::{
    offline,
    support::{mode, refusal},
};

#[tokio::test]
async fn every_offer_names_the_key_of_the_day_and_the_log() {
    let running = offline().arg("--log-origin=rng.example/log").start();
    let terms: Value = running.get("/v1/key").await.json().await.expect("JSON");
    assert_eq!(terms["suite"], "ECVRF-EDWARDS25519-SHA512-TAI");
    assert_eq!(terms["log"]["origin"], "rng.example/log");
    let today = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs() / 86_400;
    assert!(terms["epoch"].as_u64().is_some_and(|epoch| epoch == today || epoch + 1 == today), "{terms}");
    let offer: Value = running.get("/v1/random").await.json().await.expect("JSON");
    assert_eq!(offer["accepts"][0]["extra"]["rng"], terms);
    assert_eq!(offer["accepts"][0]["extra"]["paymentFlow"], "upfront");
}

#[tokio::test]
async fn the_devnet_gets_keys_that_last() {
    let first = offline().arg("--log-origin=rng.example/log").start();
    let terms: Value = first.get("/v1/key").await.json().await.expect("JSON");
    let data = first.folder.path().join("data");
    for file in ["rng-seal.key", "rng-log.key"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    let again = |name: &str, file: &str| format!("--{name}={}", data.join(file).display());
    let second = offline()
        .arg("--log-origin=rng.example/log")
        .arg(&again("seal-key-file", "rng-seal.key"))
        .arg(&again("log-key-file", "rng-log.key"))
        .arg(&format!("--log-database-url=sqlite://{}", data.join("rng-log.db").display()))
        .start();
    assert_eq!(second.get("/v1/key").await.json::<Value>().await.expect("JSON"), terms);
    let other = offline().arg("--log-origin=rng.example/log").start();
    assert_ne!(other.get("/v1/key").await.json::<Value>().await.expect("JSON"), terms);
}

#[tokio::test]
async fn a_log_keeps_its_name_and_its_key_and_its_secrets_their_seal() {
    let first = offline().arg("--log-origin=rng.example/log").start();
    let data = first.folder.path().join("data");
    let log = format!("--log-database-url=sqlite://{}", data.join("rng-log.db").display());
    let same_key = format!("--log-key-file={}", data.join("rng-log.key").display());
    let (status, error) = refusal(&offline().arg("--log-origin=rng.example/log").arg(&log).run());
    assert!(status == 1 && error.contains("a log keeps its name and its key"), "{status}: {error}");
    let renamed = offline().arg("--log-origin=rng.example/other").arg(&log).arg(&same_key).run();
    assert!(refusal(&renamed).1.contains("a log keeps its name and its key"));
    let other_seal = offline().arg("--log-origin=rng.example/log").arg(&log).arg(&same_key).run();
    assert!(refusal(&other_seal).1.contains("does not open under this seal key"));
}

#[test]
fn a_public_network_needs_keys_and_is_told_how_to_make_them() {
    for (name, network) in [("base-sepolia", Network::BaseSepolia), ("base", Network::Base)] {
        let (status, error) = refusal(&offline().arg("--network").arg(name).signing(network).run());
        assert_eq!(status, 64, "{name}");
        assert!(error.contains("data/rng-log.key: there is no such file"), "{error}");
        assert!(error.contains("`rng keygen data/rng-log.key`"), "{error}");
    }
}

#[tokio::test]
async fn the_command_that_is_named_makes_the_keys() {
    let key = |name: &str| {
        let file = format!("data/rng-{name}.key");
        let program = offline().arg("keygen").arg(&file);
        assert!(program.run().status.success());
        let made = program.folder.path().join(file).display().to_string();
        (program, format!("--{name}-key-file={made}"))
    };
    let ((_seal, seal), (_log, log)) = (key("seal"), key("log"));
    let running = offline().arg("--network=base-sepolia").signing(Network::BaseSepolia);
    let running = running.arg(&seal).arg(&log).start();
    assert_eq!(running.get("/v1/key").await.status(), 200);
}
