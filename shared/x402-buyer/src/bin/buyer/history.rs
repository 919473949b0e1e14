use x402::Usdc;
use x402_buyer::{Entry, Kind};

use crate::{args::History, context::Context, exit::Exit, output};

pub(crate) async fn run(context: &Context, command: &History) -> anyhow::Result<Exit> {
    let entries = context.ledger().await?.history(command.limit).await?;
    if command.json {
        output::json(&entries)?;
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = entries.chunk_by(are_alike).map(row).collect();
    output::table(["TIME", "KIND", "STATE", "AMOUNT", "ID", "WHAT"], &rows)?;
    Ok(Exit::Done)
}

/// Calls for the same from one channel, one after the other, are a row together.
fn are_alike(one: &Entry, other: &Entry) -> bool {
    let call = |entry: &Entry| {
        (entry.kind == Kind::Call)
            .then(|| (entry.channel, entry.state, entry.method.clone(), entry.url.clone()))
    };
    call(one).is_some() && call(one) == call(other)
}

/// The id is the payment's, or the channel's where money went into one or came back from one, and of several calls. The time is the
/// latest one's.
fn row(alike: &[Entry]) -> [String; 6] {
    let latest = &alike[0];
    let (kind, payment) = match alike.len() {
        1 => (latest.kind.as_str().to_owned(), latest.payment_id.map(|id| id.to_string())),
        calls => (format!("{calls} calls"), None),
    };
    let id = payment.or_else(|| latest.channel.map(|id| id.to_string())).unwrap_or_default();
    let what = match (&latest.method, &latest.url) {
        (Some(method), Some(url)) => format!("{method} {url}"),
        _ => format!("channel at {}", latest.host),
    };
    let amount = alike.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.amount.atomic()));
    let amount = Usdc::from_atomic(amount).to_string();
    [latest.signed_at.to_string(), kind, latest.state.to_string(), amount, id, what]
}
