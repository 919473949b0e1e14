use crate::{args::History, context::Context, exit::Exit, output};

pub(crate) async fn run(context: &Context, command: &History) -> anyhow::Result<Exit> {
    let entries = context.ledger().await?.history(command.limit).await?;
    if command.json {
        output::json(&entries)?;
        return Ok(Exit::Done);
    }
    let row = |entry: &x402_buyer::Entry| {
        let bought = format!("{} {}", entry.method, entry.url);
        let (time, state) = (entry.signed_at.to_string(), entry.state.to_string());
        [time, state, entry.amount.to_string(), entry.payment_id.to_string(), bought]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    output::table(["SIGNED", "STATE", "PRICE", "PAYMENT", "BOUGHT"], &rows)?;
    Ok(Exit::Done)
}
