use serde_json::Value;
use x402::{Network, ReceiptKey, Signed};

use crate::{
    answers, offline,
    support::{NOWHERE, PAY_TO, SIGNER, mode, refusal},
};

#[test]
fn keygen_makes_a_key_for_its_owner_alone_and_never_overwrites_one() {
    let program = answers().arg("keygen").arg("keys/signer.key");
    let made = program.run();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let path = program.folder.path().join("keys/signer.key");
    assert_eq!(mode(&path), 0o600);
    let key = std::fs::read_to_string(&path).expect("a key");
    let key: x402::SigningKey = key.parse().expect("a signing key");
    assert!(String::from_utf8_lossy(&made.stderr).contains(&key.address().to_string()));

    let (status, error) = refusal(&program.run());
    assert_eq!(status, 64);
    assert!(error.contains("there is a file already"), "{error}");
    let kept: x402::SigningKey =
        std::fs::read_to_string(&path).expect("a key").parse().expect("a signing key");
    assert_eq!(kept.address(), key.address());
}

#[test]
fn a_missing_signer_is_refused_with_the_way_to_get_one() {
    for (network, way) in [
        ("base-sepolia", "`answers keygen gone.key`"),
        ("base", "`answers keygen gone.key`"),
        ("devnet", "`devnet up"),
    ] {
        let program = offline().arg("--network").arg(network).arg("--signer-key-file=gone.key");
        let (status, error) = refusal(&program.run());
        assert_eq!(status, 64, "{network}");
        assert!(error.contains("gone.key: there is no such file"), "{error}");
        assert!(error.contains(way), "{error}");
    }
}

#[test]
fn a_signer_is_a_key_file_or_a_keystore_or_a_remote_facilitator() {
    let nobody =
        answers().env("X402_NETWORK", "devnet").env("X402_RPC_URL", NOWHERE).env("X402_PAY_TO", PAY_TO);
    let nobody = nobody.arg("--listen=127.0.0.1:0").arg("--admin-listen=127.0.0.1:0");
    let (status, error) = refusal(&nobody.run());
    assert_eq!(status, 64);
    assert!(error.contains("nobody can settle"), "{error}");

    let (status, error) = refusal(&offline().arg("--facilitator-url=https://facilitator.example").run());
    assert_eq!(status, 64);
    assert!(error.contains("cannot be used with"), "{error}");
}

#[tokio::test]
async fn a_keystore_opens_with_the_password_of_a_file() {
    let program =
        answers().env("X402_NETWORK", "devnet").env("X402_RPC_URL", NOWHERE).env("X402_PAY_TO", PAY_TO);
    let program =
        program.env("LOG_FORMAT", "json").arg("--listen=127.0.0.1:0").arg("--admin-listen=127.0.0.1:0");
    let key: x402::SigningKey = SIGNER.parse().expect("a key");
    let mut entropy = rand::thread_rng();
    eth_keystore::encrypt_key(
        program.folder.path(),
        &mut entropy,
        *key.to_bytes(),
        "open sesame",
        Some("store"),
    )
    .expect("a keystore");
    program.file("password", "open sesame\n");
    let program = program.arg("--signer-keystore=store").arg("--signer-keystore-password-file=password");
    let running = program.start();
    running.log.wait_for(|line| line["signer"] == key.address().to_string());
    assert_eq!(running.get("/").await.status(), 200);
}

#[test]
fn a_key_file_that_holds_no_key_is_refused() {
    let program = offline();
    let file = program.file("half.key", "0x1234");
    let (status, error) = refusal(&program.arg("--signer-key-file").arg(&file).run());
    assert_eq!(status, 64);
    assert!(error.contains("half.key: not 64 hexadecimal digits"), "{error}");
    assert!(!error.contains("1234"), "a key is never shown: {error}");
}

#[test]
fn a_public_network_needs_a_receipt_key_that_the_payee_named() {
    let public = || offline().arg("--network=base-sepolia").arg("--public-url=https://seller.example");
    let (status, error) = refusal(&public().run());
    assert_eq!(status, 64);
    assert!(error.contains("data/answers-receipt.key: there is no such file"), "{error}");
    assert!(error.contains("`answers keygen data/answers-receipt.key`"), "{error}");

    let program = public();
    let key = program.file("receipt.key", SIGNER);
    let (status, error) = refusal(&program.env("X402_RECEIPT_KEY_FILE", &key).run());
    assert_eq!(status, 64);
    let address = SIGNER.parse::<x402::SigningKey>().expect("a key").address();
    let way = format!("`buyer delegate --receipt-key {address} --origin https://seller.example --save");
    assert!(error.contains("data/answers-receipt.json") && error.contains(&way), "{error}");

    for (named_on, other) in
        [(Network::Base, ""), (Network::BaseSepolia, "--public-url=https://other.example")]
    {
        let program = offline().arg("--network=base-sepolia").signing(named_on);
        let program = if other.is_empty() { program } else { program.arg(other) };
        let (status, error) = refusal(&program.run());
        assert_eq!(status, 64);
        assert!(error.contains("buyer delegate"), "{error}");
    }
}

#[tokio::test]
async fn the_devnet_names_a_receipt_key_for_wherever_it_listens() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut keys = Vec::new();
    for _ in 0..2 {
        let program = offline().env("X402_RECEIPT_KEY_FILE", &path("receipt.key"));
        let running = program.env("X402_RECEIPT_DELEGATION_FILE", &path("receipt.json")).start();
        let discovery: Value = running.get("/.well-known/x402").await.json().await.expect("JSON");
        let key: Signed<ReceiptKey> =
            serde_json::from_value(discovery["receiptKey"].clone()).expect("a receipt key");
        let payee = PAY_TO.parse().expect("an address");
        let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
        keys.push(key.key_for(Network::BaseSepolia, payee, &running.public, now).expect("named"));
    }
    assert_eq!(keys[0], keys[1], "the key lasts");
    assert_eq!(mode(&folder.path().join("receipt.key")), 0o600);
}
