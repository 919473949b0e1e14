//! Where every atomic unit went, by the chain's own logs, the buyers' balances and the sellers' ledgers.

mod channels;
mod classify;
mod ledger;
mod refunds;

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use tokio::time::{Instant, sleep};
use x402::{Address, ChannelId, PaymentNonce, Usdc};

pub use classify::{Class, Judged};
pub use ledger::{LedgerEntry, Money};

use crate::{
    chain::{Node, NodeError, Settlement, TokenLogs},
    generator::Caller,
    sample::Call,
    wallets::total,
};
pub(crate) use channels::{ChannelBooks, Opening};
use channels::{is_deposit, is_return};
use classify::judge;
pub(crate) use ledger::Signers;
use refunds::Returns;

/// How often the chain is asked again while a payment is unclear.
const RETRY: Duration = Duration::from_secs(1);

/// The state of the buyers before the run.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    pub(crate) block: u64,
    pub(crate) buyers: Vec<Address>,
    pub(crate) balances: Vec<Usdc>,
    pub(crate) channels: Opening,
}

/// What an audit found.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    /// The calls' classes, in their order; `None` where nothing was signed.
    pub(crate) judged: Vec<Option<Judged>>,
    pub(crate) sums: Sums,
    /// Where anything was paid from channels.
    pub(crate) channels: Option<ChannelBooks>,
    /// Statuses that nobody answers for who may sign for the seller; they count for nothing.
    pub(crate) unproven: u64,
    pub(crate) findings: Vec<String>,
    /// The first and last block that were read.
    pub(crate) blocks: (u64, u64),
}

/// The same money, counted in different places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    /// Signed for.
    pub(crate) signed: Usdc,
    /// What sellers said was settled.
    pub(crate) claimed: Usdc,
    /// What left the buyers, by the token's logs.
    pub(crate) debits: Usdc,
    /// What came back to them, by the token's logs.
    pub(crate) returns: Usdc,
    /// What is gone from the buyers, by their balances.
    pub(crate) balances: Usdc,
    /// What payments of the scheme `exact` took from them, by the logs.
    pub(crate) settled: Usdc,
    /// What they put into channels, by the logs.
    pub(crate) deposits: Usdc,
    /// What payees got for this run's payments, by the logs.
    pub(crate) credits: BTreeMap<Address, Usdc>,
    /// What the sellers' ledgers call settled; `None` where not every seller shows its ledger.
    pub(crate) ledger: Option<Usdc>,
}

impl Before {
    pub(crate) async fn read(
        node: &Node,
        buyers: Vec<Address>,
        channels: Vec<(ChannelId, Address)>,
    ) -> Result<Self, NodeError> {
        let block = node.head().await?;
        let balances = node.balances(&buyers, block).await?;
        let channels = Opening::read(node, channels, block).await?;
        Ok(Self { block, buyers, balances, channels })
    }
}

/// Audits a run. What is unclear is looked at again until it is clear, or the wait is over. `signers` are those of the targets.
pub(crate) async fn audit(
    node: &Node,
    caller: &Caller,
    before: &Before,
    signers: &[Signers],
    calls: &[Call],
    wait: Duration,
) -> Result<Audit, NodeError> {
    let give_up = Instant::now() + wait;
    loop {
        let head = node.head().await?;
        let logs = node.token_logs(&before.buyers, before.block + 1, head).await?;
        let mut ledgers = ledger::ask(&caller.http, &caller.goals, calls).await;
        let unproven = ledger::take_unproven(signers, calls, &mut ledgers);
        let settled = by_payment(&logs);
        let mut returns = Returns::new(&logs.returns);
        let judged = calls.iter().zip(&ledgers);
        let judged: Vec<_> =
            judged.map(|(call, ledger)| judge(call, &settled, ledger.as_ref(), &mut returns)).collect();
        let channels = before.channels.close(node, calls, (before.block + 1, head)).await?;
        let pending = judged.iter().flatten().any(|judged| judged.class == Class::Pending);
        if (pending || unproven > 0 || !channels.findings.is_empty()) && Instant::now() < give_up {
            sleep(RETRY).await;
            continue;
        }
        let balances = node.balances(&before.buyers, head).await?;
        let sums = sums(before, &balances, calls, &judged, &logs, &ledgers);
        let mut findings = findings(&sums, calls, &judged, &logs);
        let channels = (!before.channels.ids.is_empty()).then(|| {
            let mut books = channels;
            let returns = logs.returns.iter().filter(|credit| is_return(credit));
            books.beside(sums.deposits, total(returns.map(|credit| credit.value)));
            books
        });
        if unproven > 0 {
            findings.push(format!("{unproven} statuses are not signed by who may sign for the seller"));
        }
        let contradictions = ledger::contradictions(calls, &ledgers);
        if contradictions > 0 {
            findings.push(format!(
                "{contradictions} signed statuses say another thing than the answers they came in"
            ));
        }
        findings.extend(returns.unexplained());
        findings.extend(channels.iter().flat_map(|books| books.findings.clone()));
        return Ok(Audit { judged, sums, channels, unproven, findings, blocks: (before.block + 1, head) });
    }
}

/// Settlements by payer and nonce.
type Settled = HashMap<(Address, PaymentNonce), Vec<Settlement>>;

fn by_payment(logs: &TokenLogs) -> Settled {
    let mut settled = Settled::new();
    for settlement in &logs.settlements {
        settled.entry((settlement.debit.from, settlement.nonce)).or_default().push(*settlement);
    }
    settled
}

fn sums(
    before: &Before,
    after: &[Usdc],
    calls: &[Call],
    judged: &[Option<Judged>],
    logs: &TokenLogs,
    ledgers: &[Option<LedgerEntry>],
) -> Sums {
    let mut credits = BTreeMap::new();
    for settlement in judged.iter().flatten().flat_map(|judged| &judged.settlements) {
        let credit = credits.entry(settlement.debit.to).or_insert(Usdc::ZERO);
        *credit = total([*credit, settlement.debit.value]);
    }
    let shown = calls.iter().zip(ledgers).filter(|(call, _)| call.payment.is_some());
    let shown: Option<Vec<Usdc>> = shown.map(|(_, entry)| entry.as_ref().map(LedgerEntry::taken)).collect();
    Sums {
        signed: total(calls.iter().map(Call::signed)),
        claimed: total(calls.iter().map(Call::claimed)),
        debits: total(logs.debits().map(|debit| debit.value)),
        returns: total(logs.returns.iter().map(|credit| credit.value)),
        balances: gone(&before.balances, after),
        settled: total(logs.debits().filter(|debit| !is_deposit(debit)).map(|debit| debit.value)),
        deposits: total(logs.debits().filter(|debit| is_deposit(debit)).map(|debit| debit.value)),
        credits,
        ledger: shown.map(total),
    }
}

/// What several accounts lost together; what one gained is taken off what the others lost.
fn gone(before: &[Usdc], after: &[Usdc]) -> Usdc {
    total(before.iter().copied()).checked_sub(total(after.iter().copied())).unwrap_or_default()
}

/// Everything that must not be.
fn findings(sums: &Sums, calls: &[Call], judged: &[Option<Judged>], logs: &TokenLogs) -> Vec<String> {
    let mut findings = Vec::new();
    for class in Class::LEAKS {
        let of_class = judged.iter().flatten().filter(|judged| judged.class == class).count();
        if of_class > 0 {
            findings.push(format!("{of_class} payments are {class}: {}", class.meaning()));
        }
    }
    let known =
        calls.iter().filter_map(|call| Some(call.payment?.authorization)).map(|paid| (paid.from, paid.nonce));
    let known: std::collections::HashSet<_> = known.collect();
    let strangers = logs.settlements.iter().filter(|one| !known.contains(&(one.debit.from, one.nonce)));
    let strangers = strangers.map(|one| &one.debit).chain(&logs.strays).filter(|debit| !is_deposit(debit));
    let (count, value) =
        strangers.fold((0, Usdc::ZERO), |(count, sum), debit| (count + 1, total([sum, debit.value])));
    if count > 0 {
        findings.push(format!(
            "{count} transfers, {value} in all, left the buyers without a payment of this run"
        ));
    }
    if !logs.empty.is_empty() {
        findings.push(format!("{} authorizations were used up without a transfer", logs.empty.len()));
    }
    let credits = total(sums.credits.values().copied());
    let net = sums.debits.checked_sub(sums.returns).unwrap_or_default();
    for (what, logs, name, amount) in [
        ("what left the buyers less what came back", net, "the buyers' balances", Some(sums.balances)),
        ("payments", sums.settled, "the sellers' credits", Some(credits)),
        ("payments", sums.settled, "the sellers' ledgers", sums.ledger),
    ] {
        if let Some(amount) = amount.filter(|amount| *amount != logs) {
            findings.push(format!("the token's logs show {logs} of {what}, {name} {amount}"));
        }
    }
    findings
}
