//! The official TypeScript client, `@x402/evm` with `@x402/fetch`, buys from our channels as it is.

use std::{env, path::PathBuf, process::Stdio, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;
use x402::ChannelSettlement;

use super::buyer::{on_chain, usdc};
use crate::support::World;

/// What the client got, as it read it.
#[derive(Debug, Deserialize)]
struct Purchase {
    answers: Vec<Answer>,
    refund: Option<ChannelSettlement>,
    /// What it remembers of its channels.
    channels: Vec<(x402::ChannelId, Value)>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    status: u16,
    body: String,
    settlement: Option<ChannelSettlement>,
}

async fn buy(world: &World, target: &str, settings: &[(&str, &str)]) -> Purchase {
    let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients/node/channel.mjs");
    let installed = program.with_file_name("node_modules");
    assert!(installed.exists(), "the client is missing: run `make setup-clients`");
    let mut command = Command::new("node");
    command.arg(program).env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("PRIVATE_KEY", world.chain.buyer(0).private_key.to_string());
    command.env("METHOD", "GET").env("URL", world.url(target)).env("BODY", "");
    command.env("RPC_URL", world.chain.rpc_url()).envs(settings.iter().copied());
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(60), command.output()).await;
    let output = output.expect("a client that ends").expect("node");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{complaint}"))
}

fn all_served(purchase: &Purchase) {
    for answer in &purchase.answers {
        assert_eq!(answer.status, 200, "{purchase:?}");
        let settlement = answer.settlement.as_ref().expect("a settlement");
        assert_eq!(settlement.extra.and_then(|extra| extra.charged_amount), Some(usdc(10_000)));
    }
}

#[tokio::test]
async fn it_opens_a_channel_spends_tops_up_and_takes_the_rest_back() {
    let world = World::with_channels(&[]).await;
    let held = world.balance(world.chain.buyer(0).address).await;
    // It calls by POST, and asks for the refund by GET, as it always does.
    let settings = [("METHOD", "POST"), ("BODY", "{}"), ("CALLS", "15"), ("REFUND", "all")];
    let purchase = buy(&world, "/authorize", &settings).await;
    all_served(&purchase);
    let deposits = purchase.answers.iter().filter_map(|answer| answer.settlement.as_ref()?.amount);
    assert_eq!(deposits.collect::<Vec<_>>(), [usdc(100_000), usdc(100_000)], "one to open, one to top up");
    let refund = purchase.refund.expect("a refund");
    assert_eq!((refund.success, refund.amount), (true, Some(usdc(50_000))));
    let state = refund.extra.and_then(|extra| extra.channel_state).expect("a state");
    assert_eq!(on_chain(&world, state.channel_id).await, (150_000, 150_000));
    assert_eq!(world.balance(world.chain.buyer(0).address).await, held - 150_000);
    assert!(purchase.channels.is_empty(), "it forgets a channel that is empty");
}

#[tokio::test]
async fn it_recovers_by_a_corrective_402_when_it_forgot_its_channel() {
    let world = World::with_channels(&[]).await;
    let purchase = buy(&world, "/item", &[("CALLS", "6"), ("FORGET", "4")]).await;
    all_served(&purchase);
    let bodies: Vec<_> = purchase.answers.iter().map(|answer| &answer.body).collect();
    assert!(
        bodies.iter().all(|body| bodies.iter().filter(|other| other == &body).count() == 1),
        "new answers"
    );
    let (_, remembered) = &purchase.channels[0];
    assert_eq!(remembered["chargedCumulativeAmount"], json!("60000"));
}

/// Its vouchers and ours are the same: the vectors of `shared/x402` come from this very package.
#[tokio::test]
async fn the_vectors_are_what_the_package_computes() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients/node");
    let output = Command::new("node").arg("channel-vectors.mjs").current_dir(folder).output().await;
    let computed: Value = serde_json::from_slice(&output.expect("node").stdout).expect("JSON");
    let kept: Value =
        serde_json::from_str(include_str!("../../../shared/x402/tests/vectors/channel.json")).expect("JSON");
    for part in ["requirements", "channelConfig", "channelId", "voucher", "claims", "claimBatch", "refund"] {
        assert_eq!(computed[part], kept[part], "{part}");
    }
}
