use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use loadtest::wallets::{FundError, Secret, fund, sweep};
use x402::{Address, Usdc};
use x402_buyer::Wallet;

use crate::seller::{Habit, Stall};

/// The mnemonic of every local chain there is.
const PHRASE: &str = "test test test test test test test test test test test junk";

fn file(folder: &Path, content: &str, mode: u32) -> std::path::PathBuf {
    let path = folder.join("secret");
    fs::write(&path, content).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
    path
}

#[test]
fn a_mnemonic_gives_the_accounts_that_every_wallet_gives() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = Secret::from_file(&file(folder.path(), PHRASE, 0o600)).expect("a secret");
    let address = |text: &str| text.parse::<Address>().expect("an address");
    assert_eq!(secret.funder().address(), address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
    let buyers = secret.buyers(2).expect("buyers");
    assert_eq!(buyers[0].address(), address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"));
    assert_eq!(buyers[1].address(), address("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"));
}

#[test]
fn a_secret_that_others_can_read_or_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |content, mode| {
        Secret::from_file(&file(folder.path(), content, mode)).expect_err("a refusal").to_string()
    };
    assert!(refused(PHRASE, 0o644).contains("chmod 600"));
    let error = refused("test test test", 0o600);
    assert!(error.contains("mnemonic") && !error.contains("test test"), "{error}");
    assert!(refused("0x1234", 0o600).contains("64 hexadecimal digits"));
}

#[tokio::test]
async fn buyers_are_funded_once_and_swept_to_the_last_unit() {
    let stall = Stall::open(Habit::Honest).await;
    let plan = stall.args().plan().expect("a plan");
    let node = loadtest::connect(&plan).await.expect("a chain").expect("a chain");
    let (secret, each) = (stall.secret(), Usdc::from_atomic(5_000));
    let buyers = secret.buyers(512).expect("buyers");
    let addresses: Vec<Address> = buyers.iter().map(Wallet::address).collect();
    let held =
        async || node.balances(&addresses, node.head().await.expect("a head")).await.expect("balances");
    let funder = async || stall.chain.balance_of(secret.funder().address()).await.expect("a balance");

    let before = funder().await;
    let moved = fund(&node, secret.funder(), &buyers, each).await.expect("funds");
    assert_eq!((moved.accounts, moved.total), (512, Usdc::from_atomic(512 * 5_000)));
    assert!(held().await.iter().all(|held| *held == each));
    let again = fund(&node, secret.funder(), &buyers, each).await.expect("funds");
    assert_eq!((again.accounts, again.transactions.len()), (0, 0), "who has it keeps it");

    let swept = sweep(&node, secret.funder(), &buyers).await.expect("a sweep");
    assert_eq!(swept.total, moved.total);
    assert!(held().await.iter().all(|held| *held == Usdc::ZERO));
    assert_eq!(funder().await, before);

    let poor = Secret::from_key(buyers[0].clone().into_key()).expect("a secret");
    let error = fund(&node, poor.funder(), &buyers[1..3], each).await.expect_err("no money");
    assert!(matches!(error, FundError::Short { .. }), "{error}");
}
