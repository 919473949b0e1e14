//! The key that signs receipts, and the payee's statement that it may.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    time::UNIX_EPOCH,
};

use x402::{ReceiptKey, Signed, SigningKey, UnixSeconds};
use x402_gate::{GateConfig, ReceiptSigner};

use crate::{
    Deployment, StartError,
    args::SellingArgs,
    keygen,
    keys::{KeyFile, KeyFileError, beside},
};

/// The secret keys of the devnet's payees: accounts 1 to 3 of anvil's public test mnemonic, which everybody knows.
const DEVNET_PAYEES: [&str; 3] = [
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
];
/// How long a key signs that is made on the devnet: a year.
const DEVNET_TERM: UnixSeconds = 365 * 24 * 3600;

/// Reads key and statement. On the devnet what is missing, or was made for another port, is made.
pub(crate) fn load(
    program: &str,
    deployment: Deployment,
    args: &SellingArgs,
    config: &GateConfig,
) -> Result<ReceiptSigner, StartError> {
    let devnet = deployment == Deployment::Devnet;
    let key = key(program, devnet, &args.receipt_key_file)?;
    let now = UNIX_EPOCH.elapsed().map_err(StartError::failed("reading the clock"))?.as_secs();
    let file = &args.receipt_delegation_file;
    let signer = match read(file) {
        Ok(delegation) => ReceiptSigner::new(key.clone(), delegation, config, now),
        Err(error) if error.kind() == io::ErrorKind::NotFound && devnet => {
            return devnet_signer(file, key, config, now);
        }
        Err(error) => return Err(unusable(file, &error, &key, config)),
    };
    match signer {
        Ok(signer) => Ok(signer),
        Err(_) if devnet => devnet_signer(file, key, config, now),
        Err(error) => Err(unusable(file, &error, &key, config)),
    }
}

fn key(program: &str, devnet: bool, file: &KeyFile) -> Result<SigningKey, StartError> {
    let secret = if devnet { file.read_or_create() } else { file.read() };
    let secret = secret.map_err(|error| {
        error.with_hint(|path| {
            format!("{} makes it; it signs receipts and holds no money", keygen::command(program, path))
        })
    })?;
    let malformed = |_| KeyFileError::Malformed(file.path().to_owned()).with_hint(|_| String::new());
    SigningKey::from_bytes(&secret).map_err(malformed)
}

fn read(file: &Path) -> io::Result<Signed<ReceiptKey>> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

/// All or nothing: another process may read it meanwhile.
fn write(file: &Path, json: &[u8]) -> io::Result<()> {
    let mut whole = beside(file)?;
    whole.write_all(json)?;
    whole.persist(file)?;
    Ok(())
}

/// Does as the payee would, since everybody has the payee's key.
fn devnet_signer(
    file: &Path,
    key: SigningKey,
    config: &GateConfig,
    now: UnixSeconds,
) -> Result<ReceiptSigner, StartError> {
    let payees = DEVNET_PAYEES.iter().filter_map(|digits| digits.parse::<SigningKey>().ok());
    let Some(payee) = payees.into_iter().find(|payee| payee.address() == config.pay_to) else {
        return Err(unusable(
            file,
            &"there is no such file, and the payee is none of the devnet's",
            &key,
            config,
        ));
    };
    let statement = ReceiptKey {
        key: key.address(),
        origin: config.public_url.clone(),
        not_before: now,
        not_after: now + DEVNET_TERM,
    };
    let delegation = Signed::sign(statement, config.network, &payee);
    tracing::info!(file = %file.display(), key = %key.address(), "naming a receipt key in the place of the payee");
    let json = serde_json::to_vec_pretty(&delegation).map_err(StartError::failed("naming a receipt key"))?;
    write(file, &json).map_err(StartError::failed(format!("writing {}", file.display())))?;
    ReceiptSigner::new(key, delegation, config, now).map_err(StartError::failed("naming a receipt key"))
}

fn unusable(file: &Path, error: &dyn std::fmt::Display, key: &SigningKey, config: &GateConfig) -> StartError {
    let (file, key, origin) = (file.display(), key.address(), &config.public_url);
    let hint = format!(
        "`buyer delegate --receipt-key {key} --origin {origin} --save {file}`, with the key of {}, makes it",
        config.pay_to
    );
    StartError::config(format!("{file}: {error}"), hint)
}
