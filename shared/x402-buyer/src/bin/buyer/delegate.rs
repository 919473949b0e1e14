use std::{fs, time::UNIX_EPOCH};

use anyhow::Context as _;
use x402::ReceiptKey;

use crate::{args::Delegate, context::Context, exit::Exit, output};

const DAY: u64 = 24 * 3600;

/// Signs, with the wallet that is paid, which key signs receipts: so that the key of the money need not be where requests
/// arrive.
pub(crate) fn run(context: &Context, command: &Delegate) -> anyhow::Result<Exit> {
    let not_before = UNIX_EPOCH.elapsed()?.as_secs();
    let statement = ReceiptKey {
        key: command.receipt_key,
        origin: command.origin.clone(),
        not_before,
        not_after: not_before + u64::from(command.days) * DAY,
    };
    let wallet = context.wallet()?;
    let signed = wallet.delegate(statement, context.network);
    match &command.save {
        None => output::json(&signed)?,
        Some(path) => {
            fs::write(path, serde_json::to_vec_pretty(&signed)?)
                .with_context(|| path.display().to_string())?;
            output::note(format_args!("{} signs receipts for {}", command.receipt_key, wallet.address()));
        }
    }
    Ok(Exit::Done)
}
