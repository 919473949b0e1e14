//! That the money moved, by the chain's logs.

use x402::Authorization;

use super::Check;
use crate::{
    Chain, ChainError, Receipt,
    chain::OnChain,
    paid::{Call, Paid},
};

const NAME: &str = "chain";

pub(super) async fn check(receipt: &Receipt, chain: Option<&Chain>) -> Check {
    let Some(chain) = chain else {
        return Check::not_checked(NAME, "no RPC node was asked");
    };
    let exact = match &receipt.payment {
        Paid::Exact(payload) => &payload.exact().authorization,
        Paid::Channel(_) => return covered(receipt, chain).await,
    };
    match find(receipt, exact, chain).await {
        Ok(Some(OnChain { transaction, block_number, confirmations, .. })) => {
            let place = format!("paid in {transaction}, block {block_number}, {confirmations} confirmations");
            if receipt.transaction().is_some_and(|told| told != transaction) {
                return Check::failed(NAME, place + ", not in the transaction that the seller named");
            }
            Check::passed(NAME, place)
        }
        Ok(None) => Check::failed(NAME, "no transaction makes this payment"),
        Err(error) => Check::not_checked(NAME, error),
    }
}

/// Looks where the seller says, and then for the payment itself, so that a wrong statement is told from a missing payment.
async fn find(
    receipt: &Receipt,
    authorization: &Authorization,
    chain: &Chain,
) -> Result<Option<OnChain>, ChainError> {
    if let Some(transaction) = receipt.transaction()
        && let Some(found) = chain.find_payment(authorization, transaction).await?
    {
        return Ok(Some(found));
    }
    chain.search_payment(authorization).await
}

/// A call from a channel has no transaction of its own: what was charged is claimed, or lies there to be claimed.
async fn covered(receipt: &Receipt, chain: &Chain) -> Check {
    let call = receipt.facts().and_then(|facts| facts.call);
    let Some(Call { id, base, charged, .. }) = call else {
        return Check::failed(NAME, "the payment is no call of a channel");
    };
    let after = base.checked_add(charged).unwrap_or(base);
    match chain.channel(id).await {
        Ok((_, claimed)) if claimed >= after => {
            Check::passed(NAME, format_args!("claimed from channel {id}"))
        }
        Ok((balance, _)) if balance >= after => {
            Check::passed(NAME, format_args!("channel {id} holds it for the seller to claim"))
        }
        Ok((balance, _)) => {
            Check::failed(NAME, format_args!("channel {id} holds {balance}, and {after} was charged"))
        }
        Err(error) => Check::not_checked(NAME, error),
    }
}
