//! Dependencies point one way: services stand on the kit, the kit on the gate, and the protocol on nothing.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// What each crate of this workspace may build on, directly. Development dependencies are not counted.
fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        ("x402", vec![]),
        ("draw", vec![]),
        ("x402-facilitator", vec!["x402"]),
        ("x402-gate", vec!["x402", "x402-facilitator"]),
        ("service-kit", vec!["x402", "x402-facilitator", "x402-gate"]),
        ("x402-buyer", vec!["x402", "draw"]),
        ("devnet", vec!["x402"]),
        ("rng-verifier", vec!["draw"]),
        ("loadtest", vec!["x402", "x402-buyer", "devnet"]),
        ("rng-service", vec!["service-kit", "x402-gate", "x402", "draw"]),
        ("persona-service", vec!["service-kit"]),
        ("scraper-service", vec!["service-kit", "x402-gate", "x402"]),
        ("facilitator-service", vec!["service-kit", "x402-facilitator", "x402"]),
        ("scratch-postgres", vec![]),
        ("e2e", vec!["x402", "x402-facilitator", "x402-gate"]),
    ])
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn normal(package: &Value) -> Vec<&str> {
    let dependencies = package["dependencies"].as_array().expect("dependencies");
    let normal = dependencies.iter().filter(|dependency| dependency["kind"] != "dev");
    normal.filter_map(|dependency| dependency["name"].as_str()).collect()
}

#[test]
fn every_crate_builds_only_on_what_lies_below_it() {
    let (metadata, allowed) = (metadata(), allowed());
    let packages = metadata["packages"].as_array().expect("packages");
    assert_eq!(packages.len(), allowed.len(), "a new crate states here what it may build on");
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let below = &allowed[name];
        for dependency in normal(package).into_iter().filter(|dependency| allowed.contains_key(dependency)) {
            assert!(below.contains(&dependency), "{name} must not build on {dependency}");
        }
    }
}

#[test]
fn the_protocol_and_the_draw_do_no_input_or_output() {
    let metadata = metadata();
    let forbidden =
        ["tokio", "reqwest", "hyper", "axum", "sqlx", "alloy", "alloy-provider", "getrandom", "async-trait"];
    for package in metadata["packages"].as_array().expect("packages") {
        if package["name"] == "x402" || package["name"] == "draw" {
            let found: Vec<_> = normal(package).into_iter().filter(|name| forbidden.contains(name)).collect();
            assert!(found.is_empty(), "{} builds on {found:?}", package["name"]);
        }
    }
}
