//! The account that refunds are paid from.

use std::sync::Arc;

use x402::SigningKey;
use x402_gate::RefundWallet;

use crate::{
    Deployment, StartError,
    args::SellingArgs,
    keygen,
    keys::{KeyFile, KeyFileError},
};

/// The devnet's last account, of anvil's public test mnemonic, which holds a million test dollars.
const DEVNET_WALLET: &str = "0e7c38ba429fa5081692121c4fcf6304ca5895c6c86d31ed155b0493c516107f";

/// The configured wallet; on the devnet one that is funded, unless another is configured.
pub(crate) fn load(
    program: &str,
    deployment: Deployment,
    args: &SellingArgs,
) -> Result<Option<Arc<RefundWallet>>, StartError> {
    let key = match &args.refund_key_file {
        Some(file) => Some(read(program, file)?),
        None if deployment == Deployment::Devnet => DEVNET_WALLET.parse().ok(),
        None => None,
    };
    let Some(key) = key else {
        tracing::warn!("there is no refund wallet: what is owed back waits; set --refund-key-file");
        return Ok(None);
    };
    let daily_budget = args.refund_daily_budget;
    tracing::info!(wallet = %key.address(), %daily_budget, "refunds are paid from here");
    Ok(Some(Arc::new(RefundWallet { key, daily_budget })))
}

fn read(program: &str, file: &KeyFile) -> Result<SigningKey, StartError> {
    let secret = file.read().map_err(|error| {
        error.with_hint(|path| {
            format!("{} makes one; then send its address USDC", keygen::command(program, path))
        })
    })?;
    let malformed = |_| KeyFileError::Malformed(file.path().to_owned()).with_hint(|_| String::new());
    SigningKey::from_bytes(&secret).map_err(malformed)
}
