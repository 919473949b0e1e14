//! A chain, a service on it, and a buyer that can be told to cheat.

mod answer;
mod buyer;
mod service;
mod signed;
mod world;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use x402::{B256, Usdc};

pub(crate) use answer::Answer;
pub(crate) use buyer::BuyerCommand;
pub(crate) use service::{environment, payee};
pub(crate) use signed::{Signed, authorization, sign_with};
pub(crate) use world::World;

/// What the routes of the test service cost.
pub(crate) const PRICE: Usdc = Usdc::from_atomic(10_000);
/// Both flows; most tests hold for each.
pub(crate) const FLOWS: [&str; 2] = ["/authorize", "/upfront"];

const PATIENCE: Duration = Duration::from_secs(45);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Looks until there is what is looked for. What is said instead is told when patience ends.
pub(crate) async fn eventually<T>(mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) => assert!(Instant::now() < end, "{instead}"),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// What another process writes into a file when it is ready.
pub(crate) async fn written(file: &Path) -> String {
    eventually(async || match std::fs::read_to_string(file) {
        Ok(text) if !text.is_empty() => Ok(text),
        _ => Err(format!("{} is not written", file.display())),
    })
    .await
}

/// A program of this workspace, built before the tests.
pub(crate) fn binary(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("a path");
    let target = tests.parent().and_then(Path::parent).expect("target/debug/deps");
    let path = target.join(name);
    assert!(
        path.exists(),
        "{} is missing: run `make test`, or `cargo build --workspace --bins`",
        path.display()
    );
    path
}

pub(crate) fn random() -> B256 {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).expect("entropy");
    bytes.into()
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}
