//! Keys at rest.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use tempfile::TempDir;
use x402_buyer::{Wallet, WalletError};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn a_new_key_file_is_private_and_reads_back() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys/wallet.key");
    let made = Wallet::create_key_file(&path).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(Wallet::from_key_file(&path).unwrap().address(), made.address());
    assert!(matches!(Wallet::create_key_file(&path), Err(WalletError::Exists(_))), "never overwritten");
}

#[test]
fn a_key_file_open_to_others_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("wallet.key");
    Wallet::create_key_file(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = Wallet::from_key_file(&path).unwrap_err();
    assert!(matches!(error, WalletError::OpenToOthers { mode: 0o644, .. }), "{error:?}");
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[test]
fn a_keystore_opens_with_its_password_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keystore.json");
    let made = Wallet::create_keystore(&path, "correct horse").unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(Wallet::from_keystore(&path, "correct horse").unwrap().address(), made.address());
    let error = Wallet::from_keystore(&path, "battery staple").unwrap_err();
    assert!(error.to_string().contains("password"), "{error}");
}

#[test]
fn what_is_no_keystore_is_an_error_and_not_a_crash() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keystore.json");
    Wallet::create_keystore(&path, "x").unwrap();
    let mut keystore: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    keystore["crypto"]["kdfparams"]["dklen"] = 8.into();
    fs::write(&path, keystore.to_string()).unwrap();
    assert!(matches!(Wallet::from_keystore(&path, "x"), Err(WalletError::Keystore { .. })));
    fs::write(&path, "not json").unwrap();
    assert!(matches!(Wallet::from_keystore(&path, "x"), Err(WalletError::Keystore { .. })));
}

#[test]
fn a_wallet_does_not_show_its_key() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("wallet.key");
    let wallet = Wallet::create_key_file(&path).unwrap();
    let digits = fs::read_to_string(&path).unwrap();
    assert!(!format!("{wallet:?}").contains(digits.trim().trim_start_matches("0x")));
}
