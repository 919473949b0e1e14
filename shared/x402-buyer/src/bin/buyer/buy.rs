//! By which scheme a call is paid: exactly, or from a channel.

use std::time::Instant;

use bytes::Bytes;
use url::Url;
use x402::Usdc;
use x402_buyer::{
    Answer, Phases, Purchase, Request, SendError, Terms,
    channel::{ChannelClient, ChannelError, Choice, Costs, choose},
};

use crate::{channel, context::Context, exit::Usage, output::note};

/// Sends a request and pays for it: from a channel that holds enough, from a new one where so many calls are expected that it
/// takes less gas, and exactly otherwise.
pub(crate) async fn send(
    context: &Context,
    request: &Request,
    terms: &Terms,
    calls: u64,
) -> anyhow::Result<Answer> {
    if let Some((client, deposit)) = from_channel(context, request, terms, calls).await? {
        return Box::pin(spend(&client, request, terms, deposit)).await;
    }
    Ok(context.client().await?.send(request, terms).await?)
}

/// Where a service sells: a URL without a path gets `path`.
pub(crate) fn endpoint(service: &str, path: &str) -> Result<String, Usage> {
    let mut url = Url::parse(service).map_err(|error| Usage(format!("{service}: {error}")))?;
    if url.path() == "/" {
        url.set_path(path);
    }
    Ok(url.into())
}

/// What the seller answered, where it refused.
pub(crate) fn refusal(error: &anyhow::Error) -> Option<&Bytes> {
    match (error.downcast_ref(), error.downcast_ref()) {
        (Some(SendError::Refused(refused)), _) => Some(&refused.body),
        (_, Some(ChannelError::Refused { body, .. })) => Some(body),
        _ => None,
    }
}

/// What a seller says in refusing is worth reading.
pub(crate) fn show_refusal(error: &anyhow::Error) {
    if let Some(body) = refusal(error) {
        note(String::from_utf8_lossy(body));
    }
}

/// A client of channels, and what goes in if there is too little; `None` where the call is better paid exactly.
async fn from_channel(
    context: &Context,
    request: &Request,
    terms: &Terms,
    calls: u64,
) -> anyhow::Result<Option<(ChannelClient, Usdc)>> {
    let known = context.ledger().await?.channels().await?;
    if calls <= 1 && !known.iter().any(|row| row.host == request.host() && row.left() > Usdc::ZERO) {
        return Ok(None);
    }
    if calls > 1 {
        note(Costs::of(calls));
    }
    let client = match channel::client(context).await {
        Ok(client) => client,
        Err(error) if calls <= 1 => {
            note(format_args!("the open channel is not used: {error:#}"));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let quote = match client.quote(request, terms).await {
        Ok(quote) => quote,
        Err(ChannelError::NoOffer(none)) if !none.is_price() => {
            note("the seller offers no channel: paid exactly");
            return Ok(None);
        }
        Err(ChannelError::NotForSale(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if quote.left >= quote.price {
        note(format_args!("channel      {}, {} in it", quote.channel, quote.left));
        return Ok(Some((client, Usdc::ZERO)));
    }
    let deposit = Usdc::from_atomic(quote.price.atomic().saturating_mul(calls));
    Ok((choose(calls) == Choice::Channel).then_some((client, deposit)))
}

async fn spend(
    client: &ChannelClient,
    request: &Request,
    terms: &Terms,
    deposit: Usdc,
) -> anyhow::Result<Answer> {
    let began = Instant::now();
    let answer = client.send(request, terms, deposit).await?;
    if let Some(deposited) = answer.deposited {
        note(format_args!("deposited    {deposited} into channel {}", answer.channel.id));
    }
    Ok(Answer {
        purchase: Some(Purchase { receipt: answer.receipt(request), former_payee: None, attempts: 1 }),
        phases: Phases { pay: began.elapsed(), ..Phases::default() },
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
    })
}
