//! Every movement of the buyers' money, from the token's own logs.

use std::collections::{HashMap, HashSet};

use alloy::{
    primitives::U256,
    providers::Provider,
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use x402::{Address, B256, PaymentNonce, Token, Usdc};
use x402_buyer::ChainError;

use super::{Node, NodeError, within};

/// How many blocks one query spans; public nodes refuse longer ones.
const BLOCKS_AT_ONCE: u64 = 500;
/// How many accounts one query names.
const ACCOUNTS_AT_ONCE: usize = 100;

/// What the token's logs say of some accounts, between two blocks.
#[derive(Clone, Debug, Default)]
pub struct TokenLogs {
    /// Transfers by authorization, in the order of the chain: `AuthorizationUsed` and the very next log, `Transfer`.
    pub settlements: Vec<Settlement>,
    /// Transfers from the accounts that no authorization goes before.
    pub strays: Vec<Debit>,
    /// Transfers to the accounts: refunds, and what was left in channels.
    pub returns: Vec<Debit>,
    /// Authorizations that were used up without a transfer.
    pub empty: Vec<(Address, PaymentNonce)>,
}

/// One transfer by authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The authorization's nonce.
    pub nonce: PaymentNonce,
    /// The transfer.
    pub debit: Debit,
}

/// A transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debit {
    /// Whose.
    pub from: Address,
    /// Who got it.
    pub to: Address,
    /// How much.
    pub value: Usdc,
    /// The transaction.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
    /// The log's index in the block.
    pub log_index: u64,
}

/// Which side of a transfer accounts are on.
#[derive(Clone, Copy)]
enum Side {
    From,
    To,
}

impl TokenLogs {
    /// Everything that left the accounts.
    pub fn debits(&self) -> impl Iterator<Item = &Debit> {
        self.settlements.iter().map(|settlement| &settlement.debit).chain(&self.strays)
    }
}

impl Node {
    /// Reads the logs of accounts from one block to another, both included.
    ///
    /// # Errors
    /// [`NodeError`] when the node does not tell.
    pub async fn token_logs(&self, accounts: &[Address], from: u64, to: u64) -> Result<TokenLogs, NodeError> {
        let mut found = pair(&self.logs(accounts, from, to, Side::From).await?);
        let to_them = self.logs(accounts, from, to, Side::To).await?;
        found.returns = to_them.iter().filter_map(|(place, log)| debit(*place, log)).collect();
        Ok(found)
    }

    /// Logs by their places, in order.
    async fn logs(
        &self,
        accounts: &[Address],
        from: u64,
        to: u64,
        side: Side,
    ) -> Result<Vec<((u64, u64), Log)>, NodeError> {
        let mut logs: HashMap<(u64, u64), Log> = HashMap::new();
        for accounts in accounts.chunks(ACCOUNTS_AT_ONCE) {
            for log in self.filtered(self.transfers(accounts, side), from, to).await? {
                let place = (log.block_number, log.log_index);
                let (Some(block), Some(index)) = place else {
                    return Err(ChainError::Nonsense("a log without a place").into());
                };
                logs.insert((block, index), log);
            }
        }
        let mut logs: Vec<_> = logs.into_iter().collect();
        logs.sort_unstable_by_key(|(place, _)| *place);
        Ok(logs)
    }

    /// What a filter finds from one block to another, both included, by queries that are short enough.
    pub(super) async fn filtered(&self, filter: Filter, from: u64, to: u64) -> Result<Vec<Log>, NodeError> {
        let (mut logs, mut first) = (Vec::new(), from);
        while first <= to {
            let last = to.min(first + BLOCKS_AT_ONCE - 1);
            let filter = filter.clone().from_block(first).to_block(last);
            logs.extend(within(async { self.provider.get_logs(&filter).await }).await?);
            first = last + 1;
        }
        Ok(logs)
    }

    fn transfers(&self, accounts: &[Address], side: Side) -> Filter {
        let accounts: Vec<B256> = accounts.iter().map(Address::into_word).collect();
        let filter = Filter::new().address(self.network().usdc().address);
        match side {
            Side::From => {
                let events = vec![Token::AuthorizationUsed::SIGNATURE_HASH, Token::Transfer::SIGNATURE_HASH];
                filter.event_signature(events).topic1(accounts)
            }
            Side::To => filter.event_signature(Token::Transfer::SIGNATURE_HASH).topic2(accounts),
        }
    }
}

/// Puts each use of an authorization beside its transfer.
fn pair(logs: &[((u64, u64), Log)]) -> TokenLogs {
    let mut found = TokenLogs::default();
    let mut paired = HashSet::new();
    for (at, (place, log)) in logs.iter().enumerate() {
        let Ok(used) = Token::AuthorizationUsed::decode_log(&log.inner) else { continue };
        let nonce = PaymentNonce(used.nonce);
        let next = logs.get(at + 1).filter(|(next, _)| *next == (place.0, place.1 + 1));
        let transfer = next.and_then(|(next, log)| Some((next, debit(*next, log)?)));
        match transfer.filter(|(_, debit)| {
            debit.from == used.authorizer && Some(debit.transaction) == log.transaction_hash
        }) {
            Some((next, debit)) => {
                paired.insert(*next);
                found.settlements.push(Settlement { nonce, debit });
            }
            None => found.empty.push((used.authorizer, nonce)),
        }
    }
    let unpaired = logs.iter().filter(|(place, _)| !paired.contains(place));
    found.strays = unpaired.filter_map(|(place, log)| debit(*place, log)).collect();
    found
}

fn debit((block, log_index): (u64, u64), log: &Log) -> Option<Debit> {
    let transfer = Token::Transfer::decode_log(&log.inner).ok()?;
    Some(Debit {
        from: transfer.from,
        to: transfer.to,
        value: Usdc::from_atomic(u64::try_from(transfer.value.min(U256::from(u64::MAX))).ok()?),
        transaction: log.transaction_hash?,
        block,
        log_index,
    })
}
