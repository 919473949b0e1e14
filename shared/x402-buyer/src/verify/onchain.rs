//! That the money moved, by the chain's logs.

use super::Check;
use crate::{Chain, ChainError, Receipt, chain::OnChain};

const NAME: &str = "chain";

pub(super) async fn check(receipt: &Receipt, chain: Option<&Chain>) -> Check {
    let Some(chain) = chain else {
        return Check::not_checked(NAME, "no RPC node was asked");
    };
    match find(receipt, chain).await {
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
async fn find(receipt: &Receipt, chain: &Chain) -> Result<Option<OnChain>, ChainError> {
    let authorization = &receipt.payment.exact().authorization;
    if let Some(transaction) = receipt.transaction()
        && let Some(found) = chain.find_payment(authorization, transaction).await?
    {
        return Ok(Some(found));
    }
    chain.search_payment(authorization).await
}
