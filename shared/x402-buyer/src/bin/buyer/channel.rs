use std::{future::Future, time::Instant};

use serde::Serialize;
use x402::{B256, ChannelId, Usdc};
use x402_buyer::{
    Request, Terms, UnixMillis,
    channel::{ChannelClient, ChannelError, ChannelRow, Choice, Costs, Withdrawal, Withdrawn, choose},
};

use crate::{
    args::Channel,
    context::Context,
    exit::{Exit, Usage},
    output::{self, note},
};

/// A channel, to a program.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    id: ChannelId,
    host: String,
    balance: Usdc,
    charged: Usdc,
    /// A withdrawal under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawing: Option<Usdc>,
    /// When it can be made, in milliseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdraw_at: Option<UnixMillis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<Usdc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Usdc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<B256>,
}

pub(crate) async fn run(context: &Context, command: Channel) -> anyhow::Result<Exit> {
    match command {
        Channel::List { json } => list(context, json).await,
        Channel::Open { url, calls, max, deposit, budget, at_once } => {
            let most = max.unwrap_or_default().atomic().saturating_mul(calls);
            let deposit = deposit.unwrap_or(Usdc::from_atomic(most));
            let terms = Terms { max_price: max, budget, ..Terms::default() };
            spend(context, &url, (calls, at_once), deposit, &terms).await
        }
        Channel::Close { id, json } => close(context, id, json).await,
        Channel::Withdraw { id, json } => withdraw(context, id, json).await,
    }
}

async fn list(context: &Context, json: bool) -> anyhow::Result<Exit> {
    let rows = context.ledger().await?.channels().await?;
    if json {
        let printed: Vec<_> = rows.into_iter().map(Printed::of).collect();
        output::json(&printed)?;
        return Ok(Exit::Done);
    }
    for ChannelRow { id, host, balance, charged, suspect, withdrawal, .. } in rows {
        let attention = if suspect { "  its seller's books are wrong" } else { "" };
        let leaving = withdrawal.map(|pending| format!(", {}", announced(pending))).unwrap_or_default();
        output::line(format_args!("{id}  {host}  {balance} in it, {charged} charged{leaving}{attention}"))?;
    }
    Ok(Exit::Done)
}

/// Buys a number of calls from a channel, one answer a line.
async fn spend(
    context: &Context,
    url: &str,
    (calls, at_once): (u64, usize),
    deposit: Usdc,
    terms: &Terms,
) -> anyhow::Result<Exit> {
    let client = client(context).await?;
    let request = Request::get(url)?;
    note(Costs::of(calls));
    if choose(calls) == Choice::Exact {
        note("for so few calls `buyer pay` takes less; the channel is opened all the same, as asked");
    }
    let began = Instant::now();
    let mut charged = Usdc::ZERO;
    let mut left = calls;
    let mut last = None;
    while left > 0 {
        // The first call opens the channel, and the others have what it left.
        let batch = if left == calls { 1 } else { left.min(at_once.max(1) as u64) };
        for answer in together((0..batch).map(|_| client.send(&request, terms, deposit))).await {
            let answer = answer?;
            charged = charged.checked_add(answer.charged).unwrap_or(charged);
            if let (Some(deposited), transaction) = (answer.deposited, answer.transaction) {
                let named = transaction.map(|hash| hash.to_string()).unwrap_or_default();
                note(format_args!("deposited    {deposited} {named}"));
            }
            output::line(String::from_utf8_lossy(&answer.body))?;
            last = Some(answer.channel);
        }
        left -= batch;
    }
    let took = began.elapsed().as_secs_f64();
    note(format_args!("paid         {charged} for {calls} calls in {took:.2} s"));
    if let Some(ChannelRow { id, balance, charged, .. }) = last {
        let rest = balance.checked_sub(charged).unwrap_or_default();
        note(format_args!("channel      {id}, {rest} left: `buyer channel close {id}`"));
    }
    Ok(Exit::Done)
}

async fn close(context: &Context, id: ChannelId, json: bool) -> anyhow::Result<Exit> {
    let closed = client(context).await?.close(id).await?;
    let (refunded, transaction) = (closed.refunded, closed.transaction);
    if json {
        output::json(&Printed { refunded: Some(refunded), transaction, ..Printed::of(closed.channel) })?;
    } else {
        note(format_args!("refunded     {refunded}"));
        let named = transaction.map(|hash| hash.to_string()).unwrap_or_default();
        note(format_args!("transaction  {named}"));
    }
    Ok(Exit::Done)
}

/// The next step of a withdrawal, whichever it is.
async fn withdraw(context: &Context, id: ChannelId, json: bool) -> anyhow::Result<Exit> {
    let Withdrawn { returned, transaction, channel } = client(context).await?.withdraw(id).await?;
    if json {
        output::json(&Printed { returned: Some(returned), transaction, ..Printed::of(channel) })?;
        return Ok(Exit::Done);
    }
    if returned > Usdc::ZERO {
        note(format_args!("withdrawn    {returned}"));
    }
    if let Some(pending) = channel.withdrawal {
        note(format_args!("announced    {}: run this again then", announced(pending)));
    }
    if let Some(transaction) = transaction {
        note(format_args!("transaction  {transaction}"));
    }
    Ok(Exit::Done)
}

fn announced(Withdrawal { amount, ready_at }: Withdrawal) -> String {
    match ready_at {
        Some(ready) => format!("{amount} can be withdrawn from {ready} on"),
        None => format!("{amount} are to be withdrawn, and the chain has not said from when on"),
    }
}

pub(crate) async fn client(context: &Context) -> anyhow::Result<ChannelClient> {
    let chain = context.chain(context.network).await?;
    let chain =
        chain.ok_or_else(|| Usage("channels are read from the chain: set BUYER_RPC_URL".to_owned()))?;
    let client = ChannelClient::new(context.wallet()?, context.ledger().await?, context.policy()?, chain)?;
    Ok(client.keeping_receipts())
}

async fn together<F, T>(calls: impl Iterator<Item = F>) -> Vec<Result<T, ChannelError>>
where
    F: Future<Output = Result<T, ChannelError>>,
{
    futures_util::future::join_all(calls).await
}

impl Printed {
    fn of(row: ChannelRow) -> Self {
        let ChannelRow { id, host, balance, charged, withdrawal, .. } = row;
        let withdrawing = withdrawal.map(|pending| pending.amount);
        let withdraw_at = withdrawal.and_then(|pending| pending.ready_at);
        let (returned, refunded, transaction) = (None, None, None);
        Self { id, host, balance, charged, withdrawing, withdraw_at, returned, refunded, transaction }
    }
}
