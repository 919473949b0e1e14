//! `keygen`: the command that errors about missing keys name.

use std::path::Path;

use clap::Args;
use x402::SigningKey;

use crate::{StartError, keys::KeyFile, output};

#[derive(Args)]
pub(crate) struct KeygenArgs {
    /// The file to make, mode 0600. An existing one is left alone.
    #[arg(value_name = "FILE")]
    file: KeyFile,
}

pub(crate) async fn run(KeygenArgs { file }: KeygenArgs) -> Result<(), StartError> {
    let secret = file.create().map_err(|error| error.with_hint(|_| "name a file in a folder".to_owned()))?;
    output::note(&format!("made {file}, readable by this account alone"));
    // Every 256-bit number but for one in 2^128 is also an account's key.
    if let Ok(signer) = SigningKey::from_bytes(&secret) {
        output::note(&format!("as a signer its address is {}, which needs ETH for gas", signer.address()));
    }
    Ok(())
}

/// The command that makes a missing key.
pub(crate) fn command(program: &str, path: &Path) -> String {
    format!("`{program} keygen {}`", path.display())
}
