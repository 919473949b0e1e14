//! `rng appends`: how fast a log grows on this disk, for `make bench`. It makes a log of its own: nothing here is for sale.

use std::{
    io::{self, Write as _},
    time::{Duration, Instant},
};

use draw::{Leaf, LogSigner, tree::leaf_hash};
use service_kit::StartError;

use super::{LogError, Store};

/// What to append, and where.
#[derive(clap::Args)]
pub(crate) struct Appends {
    /// Entries of one change, which is on disk under its signed checkpoint before the next
    #[arg(long, value_name = "N")]
    entries: u64,
    #[arg(long, value_name = "URL")]
    database_url: String,
    #[arg(long, value_name = "N", default_value_t = 2)]
    seconds: u64,
}

/// Prints entries a second.
pub(crate) async fn run(appends: Appends) -> Result<(), StartError> {
    let signer = LogSigner::new("rng.example/log", &[0; 32]).map_err(StartError::failed("the log's key"))?;
    let rate = appends.measure(&signer).await.map_err(StartError::failed("appending"))?;
    writeln!(io::stdout(), "{rate:.0}").map_err(StartError::failed("printing"))
}

impl Appends {
    async fn measure(&self, signer: &LogSigner) -> Result<f64, LogError> {
        let store = Store::open(&self.database_url).await?;
        let (began, mut changes) = (Instant::now(), 0_u32);
        while began.elapsed() < Duration::from_secs(self.seconds) {
            let mut append = store.append().await?;
            for number in 0..self.entries {
                let accept_hash =
                    leaf_hash(&[changes.to_be_bytes().as_slice(), &number.to_be_bytes()].concat());
                append.push(Leaf::Void { accept_hash, time: number }.encode());
            }
            append.commit(signer).await?;
            changes += 1;
        }
        Ok(f64::from(changes) * self.entries as f64 / began.elapsed().as_secs_f64())
    }
}
