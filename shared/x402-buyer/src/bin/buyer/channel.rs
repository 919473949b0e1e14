use std::{future::Future, time::Instant};

use serde::Serialize;
use x402::{B256, ChannelId, Usdc};
use x402_buyer::{
    Request, Terms,
    channel::{ChannelClient, ChannelError, ChannelRow, Choice, Costs, choose},
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
            let terms = Terms { max_price: max, budget };
            spend(context, &url, (calls, at_once), deposit, &terms).await
        }
        Channel::Close { id, json } => close(context, id, json).await,
    }
}

async fn list(context: &Context, json: bool) -> anyhow::Result<Exit> {
    let rows = context.ledger().await?.channels().await?;
    if json {
        let printed: Vec<_> = rows.into_iter().map(|row| Printed::of(row, None, None)).collect();
        output::json(&printed)?;
        return Ok(Exit::Done);
    }
    for ChannelRow { id, host, balance, charged, suspect, .. } in rows {
        let attention = if suspect { "  its seller's books are wrong" } else { "" };
        output::line(format_args!("{id}  {host}  {balance} in it, {charged} charged{attention}"))?;
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
        output::json(&Printed::of(closed.channel, Some(refunded), transaction))?;
    } else {
        note(format_args!("refunded     {refunded}"));
        let named = transaction.map(|hash| hash.to_string()).unwrap_or_default();
        note(format_args!("transaction  {named}"));
    }
    Ok(Exit::Done)
}

pub(crate) async fn client(context: &Context) -> anyhow::Result<ChannelClient> {
    let chain = context.chain(context.network).await?;
    let chain =
        chain.ok_or_else(|| Usage("channels are read from the chain: set BUYER_RPC_URL".to_owned()))?;
    Ok(ChannelClient::new(context.wallet()?, context.ledger().await?, context.policy()?, chain)?)
}

async fn together<F, T>(calls: impl Iterator<Item = F>) -> Vec<Result<T, ChannelError>>
where
    F: Future<Output = Result<T, ChannelError>>,
{
    futures_util::future::join_all(calls).await
}

impl Printed {
    fn of(row: ChannelRow, refunded: Option<Usdc>, transaction: Option<B256>) -> Self {
        let ChannelRow { id, host, balance, charged, .. } = row;
        Self { id, host, balance, charged, refunded, transaction }
    }
}
