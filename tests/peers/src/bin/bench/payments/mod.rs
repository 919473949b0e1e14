//! What a paid call takes, settled on the chain: ours beside stock sellers, and beside what nobody gets below.

mod automine;
mod blocks;
pub(crate) mod calls;
mod floors;
mod gas;
mod overhead;
pub(crate) mod phases;

pub(crate) use floors::fdatasync;
pub(crate) use gas::Spent;

use crate::{data::Table, section::Bench};

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let mut tables = automine::measure(bench).await?;
    tables.push(blocks::measure(bench).await?);
    tables.push(overhead::measure(bench).await?);
    tables.push(gas::measure().await?);
    Ok(tables)
}
