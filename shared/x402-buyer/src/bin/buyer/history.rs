use x402_buyer::Entry;

use crate::{args::History, context::Context, exit::Exit, output};

pub(crate) async fn run(context: &Context, command: &History) -> anyhow::Result<Exit> {
    let entries = context.ledger().await?.history(command.limit).await?;
    if command.json {
        output::json(&entries)?;
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = entries.iter().map(row).collect();
    output::table(["TIME", "KIND", "STATE", "AMOUNT", "ID", "WHAT"], &rows)?;
    Ok(Exit::Done)
}

/// The id is the payment's, or the channel's where money went into one or came back from one.
fn row(entry: &Entry) -> [String; 6] {
    let payment = entry.payment_id.map(|id| id.to_string());
    let id = payment.or_else(|| entry.channel.map(|id| id.to_string())).unwrap_or_default();
    let what = match (&entry.method, &entry.url) {
        (Some(method), Some(url)) => format!("{method} {url}"),
        _ => format!("channel at {}", entry.host),
    };
    let (time, kind) = (entry.signed_at.to_string(), entry.kind.as_str().to_owned());
    [time, kind, entry.state.to_string(), entry.amount.to_string(), id, what]
}
