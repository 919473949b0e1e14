use serde_json::Value;
use x402::Network;

use crate::{
    offline,
    support::{mode, refusal},
};

#[tokio::test]
async fn the_devnet_gets_a_key_that_lasts_and_that_every_offer_names() {
    let first = offline().start();
    let key: Value = first.get("/v1/key").await.json().await.expect("JSON");
    assert_eq!(key["suite"], "ECVRF-EDWARDS25519-SHA512-TAI");
    let offer: Value = first.get("/v1/random").await.json().await.expect("JSON");
    assert_eq!(offer["accepts"][0]["extra"]["rng"], key);
    assert_eq!(offer["accepts"][0]["extra"]["paymentFlow"], "upfront");

    let file = first.folder.path().join("data/rng-vrf.key");
    assert_eq!(mode(&file), 0o600);
    let second = offline().arg("--vrf-key-file").arg(&file.display().to_string()).start();
    assert_eq!(second.get("/v1/key").await.json::<Value>().await.expect("JSON"), key);
    let other = offline().start();
    assert_ne!(other.get("/v1/key").await.json::<Value>().await.expect("JSON"), key);
}

#[test]
fn a_public_network_needs_a_key_and_is_told_how_to_make_it() {
    for (name, network) in [("base-sepolia", Network::BaseSepolia), ("base", Network::Base)] {
        let (status, error) = refusal(&offline().arg("--network").arg(name).signing(network).run());
        assert_eq!(status, 64, "{network}");
        assert!(error.contains("data/rng-vrf.key: there is no such file"), "{error}");
        assert!(error.contains("`rng keygen data/rng-vrf.key`"), "{error}");
    }
}

#[tokio::test]
async fn the_command_that_is_named_makes_the_key() {
    let program = offline().arg("keygen").arg("data/rng-vrf.key");
    assert!(program.run().status.success());
    let made = program.folder.path().join("data/rng-vrf.key").display().to_string();
    let running = offline().arg("--network=base-sepolia").signing(Network::BaseSepolia);
    let running = running.arg("--vrf-key-file").arg(&made).start();
    assert_eq!(running.get("/v1/key").await.status(), 200);
}
