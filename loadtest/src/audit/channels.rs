//! Channels: what sellers charged call by call, beside what they claimed, and where the deposits went.

use std::collections::{BTreeMap, BTreeSet};

use x402::{Address, B256, ChannelId, DEPOSIT_COLLECTOR, SETTLEMENT_CONTRACT, Usdc};

use crate::{
    chain::{ChannelFunds, ChannelMove, Debit, MoveKind, Node, NodeError, SellerAccount},
    sample::{Call, Drawn},
    wallets::total,
};

/// The channels of a run as they were before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opening {
    pub(crate) ids: Vec<ChannelId>,
    pub(crate) funds: Vec<ChannelFunds>,
    /// Who is paid from each channel.
    sellers: BTreeMap<ChannelId, Address>,
    /// What the sellers had with the contract.
    accounts: BTreeMap<Address, SellerAccount>,
}

/// The same money of channels, counted in different places.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChannelBooks {
    /// Channels that were called from, or moved.
    pub(crate) channels: u64,
    /// Calls that were answered.
    pub(crate) calls: u64,
    /// What the answers say was charged.
    pub(crate) charged: Usdc,
    /// The contract's logs.
    pub(crate) deposits: Usdc,
    pub(crate) claims: Usdc,
    pub(crate) refunds: Usdc,
    pub(crate) withdrawals: Usdc,
    /// What the contract sent to the sellers, by the token's logs. Like what it owes, it is of all their channels.
    pub(crate) paid_out: Usdc,
    /// Claimed by the sellers, and not paid out to them yet.
    pub(crate) owed: Usdc,
    /// What is neither claimed nor back.
    pub(crate) left: Usdc,
    pub(crate) transactions: BTreeSet<B256>,
    pub(crate) findings: Vec<String>,
}

impl Opening {
    pub(crate) async fn read(
        node: &Node,
        channels: Vec<(ChannelId, Address)>,
        block: u64,
    ) -> Result<Self, NodeError> {
        let ids: Vec<_> = channels.iter().map(|(id, _)| *id).collect();
        let sellers = channels.into_iter().collect::<BTreeMap<_, _>>();
        let funds = node.channels(&ids, block).await?;
        let accounts = accounts(node, sellers.values().copied().collect(), block).await?;
        Ok(Self { ids, funds, sellers, accounts })
    }

    /// Reads what became of the channels until `head`.
    pub(super) async fn close(
        &self,
        node: &Node,
        calls: &[Call],
        (first, head): (u64, u64),
    ) -> Result<ChannelBooks, NodeError> {
        let moves = node.channel_moves(&self.ids, first, head).await?;
        let now = node.channels(&self.ids, head).await?;
        let mut drawn: BTreeMap<ChannelId, Vec<Drawn>> = BTreeMap::new();
        for call in calls.iter().filter_map(|call| call.drawn) {
            drawn.entry(call.channel).or_default().push(call);
        }
        let sum = |kind| total(moves.iter().filter(|one| one.kind == kind).map(|one| one.amount));
        let mut books = ChannelBooks {
            calls: drawn.values().map(|calls| calls.len() as u64).sum(),
            charged: total(drawn.values().flatten().map(|call| call.charged)),
            deposits: sum(MoveKind::Deposit),
            claims: sum(MoveKind::Claim),
            refunds: sum(MoveKind::Refund),
            withdrawals: sum(MoveKind::Withdrawal),
            transactions: moves.iter().map(|one| one.transaction).collect(),
            ..ChannelBooks::default()
        };
        for ((id, before), now) in self.ids.iter().zip(&self.funds).zip(&now) {
            let moves: Vec<_> = moves.iter().filter(|one| one.channel == *id).collect();
            let calls = drawn.remove(id).unwrap_or_default();
            books.channels += u64::from(!moves.is_empty() || !calls.is_empty());
            books.left = total([books.left, now.balance.checked_sub(now.claimed).unwrap_or_default()]);
            let findings = judge(*before, *now, &moves, calls);
            books.findings.extend(findings.into_iter().map(|finding| format!("channel {id}: {finding}")));
        }
        let now = accounts(node, self.accounts.keys().copied().collect(), head).await?;
        for ((seller, before), now) in self.accounts.iter().zip(now.values()) {
            let theirs = moves
                .iter()
                .filter(|one| one.kind == MoveKind::Claim && self.sellers.get(&one.channel) == Some(seller));
            let claims = total(theirs.map(|one| one.amount));
            let sent = node.pay_outs(*seller, first, head).await?;
            books.paid_out = total([books.paid_out, sent]);
            books.owed = total([books.owed, now.claimed.checked_sub(now.paid_out).unwrap_or_default()]);
            let finding = judge_seller(*before, *now, claims, sent);
            books.findings.extend(finding.map(|finding| format!("seller {seller}: {finding}")));
        }
        Ok(books)
    }
}

impl ChannelBooks {
    /// The buyers' transfers beside the contract's own account of them.
    pub(super) fn beside(&mut self, deposits: Usdc, returns: Usdc) {
        let returned = total([self.refunds, self.withdrawals]);
        for (what, token, contract) in
            [("deposits", deposits, self.deposits), ("refunds and withdrawals", returns, returned)]
        {
            if token != contract {
                let finding = format!("channels tell of {contract} of {what}, the token's logs of {token}");
                self.findings.push(finding);
            }
        }
    }
}

/// Whether a transfer went into a channel; the contract's own logs say into which.
pub(super) fn is_deposit(debit: &Debit) -> bool {
    debit.to == DEPOSIT_COLLECTOR
}

/// Whether a transfer came out of a channel.
pub(super) fn is_return(credit: &Debit) -> bool {
    credit.from == SETTLEMENT_CONTRACT
}

async fn accounts(
    node: &Node,
    sellers: BTreeSet<Address>,
    block: u64,
) -> Result<BTreeMap<Address, SellerAccount>, NodeError> {
    let sellers: Vec<_> = sellers.into_iter().collect();
    let accounts = node.seller_accounts(&sellers, block).await?;
    Ok(sellers.into_iter().zip(accounts).collect())
}

/// One seller: what was claimed from these channels came into its account, beside what it claimed from others' channels; and
/// what was claimed and is no longer owed was sent to it, to the atomic unit.
fn judge_seller(before: SellerAccount, now: SellerAccount, claims: Usdc, sent: Usdc) -> Option<String> {
    let came = now.claimed.checked_sub(before.claimed);
    if came.is_none_or(|came| came < claims) {
        return Some(format!("{claims} was claimed, and its account has {} more", came.unwrap_or_default()));
    }
    let paid = now.paid_out.checked_sub(before.paid_out);
    (paid != Some(sent) || now.paid_out > now.claimed).then(|| {
        let paid = paid.unwrap_or_default();
        format!("{paid} was paid out by the contract's account, and {sent} reached it by the token's logs")
    })
}

/// One channel. Its calls, in the order of what was charged before each, must follow one another to the atomic unit, from
/// what was claimed before the run to what is claimed after it.
fn judge(
    before: ChannelFunds,
    now: ChannelFunds,
    moves: &[&ChannelMove],
    mut calls: Vec<Drawn>,
) -> Vec<String> {
    let mut findings = Vec::new();
    calls.sort_unstable_by_key(|call| call.base);
    let mut at = before.claimed;
    for call in &calls {
        if let Some(gap) = call.base.checked_sub(at).filter(|gap| *gap > Usdc::ZERO) {
            findings.push(format!("{gap} was charged without an answer of this run, after {at}"));
        } else if call.base < at {
            findings.push(format!("two answers for what was charged at {}", call.base));
        }
        at = at.max(total([call.base, call.charged]));
        if call.charged > call.signed {
            findings.push(format!("{} was charged for a call at {}", call.charged, call.signed));
        }
    }
    match (now.claimed.checked_sub(at), at.checked_sub(now.claimed)) {
        (Some(over), _) if over > Usdc::ZERO => {
            findings.push(format!("{over} was claimed that no answer of this run was charged"));
        }
        (_, Some(short)) if short > Usdc::ZERO => findings.push(format!("{short} is not claimed")),
        _ => {}
    }
    let sum = |kinds: &[MoveKind]| {
        total(moves.iter().filter(|one| kinds.contains(&one.kind)).map(|one| one.amount))
    };
    let into = total([before.balance, sum(&[MoveKind::Deposit])]);
    let out = total([now.balance, sum(&[MoveKind::Refund, MoveKind::Withdrawal])]);
    if into != out {
        findings.push(format!("{into} went in, and {out} is in it or came back"));
    }
    if total([before.claimed, sum(&[MoveKind::Claim])]) != now.claimed {
        findings.push("its claims are not what the contract calls claimed".to_owned());
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn usdc(units: u64) -> Usdc {
        Usdc::from_atomic(units)
    }

    fn call(base: u64, charged: u64) -> Drawn {
        let channel = ChannelId(B256::ZERO);
        Drawn {
            channel,
            base: usdc(base),
            charged: usdc(charged),
            signed: usdc(10),
            sent: Default::default(),
        }
    }

    fn movement(kind: MoveKind, amount: u64) -> ChannelMove {
        let channel = ChannelId(B256::ZERO);
        ChannelMove { channel, kind, amount: usdc(amount), transaction: B256::ZERO }
    }

    /// A channel with 100 in it, of which `claimed` was claimed and the rest given back.
    fn findings(claimed: u64, calls: &[Drawn]) -> String {
        let moves = [
            movement(MoveKind::Deposit, 100),
            movement(MoveKind::Claim, claimed),
            movement(MoveKind::Refund, 100 - claimed),
        ];
        let now = ChannelFunds { balance: usdc(claimed), claimed: usdc(claimed) };
        let moves: Vec<_> = moves.iter().collect();
        judge(ChannelFunds::default(), now, &moves, calls.to_vec()).join("; ")
    }

    #[test]
    fn what_a_seller_claimed_is_owed_or_reached_it() {
        let account = |claimed, paid_out| SellerAccount { claimed: usdc(claimed), paid_out: usdc(paid_out) };
        let before = account(50, 40);
        let found =
            |now, claims, sent| judge_seller(before, now, usdc(claims), usdc(sent)).unwrap_or_default();
        assert_eq!(found(account(60, 60), 10, 20), "", "all of it reached the seller");
        assert_eq!(found(account(65, 45), 10, 5), "", "others have channels too, and a part is owed still");
        assert!(found(account(59, 40), 10, 0).contains("its account has $0.000009 more"));
        assert!(
            found(account(60, 60), 10, 19)
                .contains("$0.00002 was paid out by the contract's account, and $0.000019")
        );
        assert!(found(account(60, 40), 10, 1).contains("$0.00 was paid out"));
        assert!(found(account(60, 61), 10, 21).contains("$0.000021"), "more than was claimed");
    }

    #[test]
    fn calls_that_follow_one_another_are_in_order_however_they_came() {
        assert_eq!(findings(17, &[call(10, 7), call(0, 10)]), "");
    }

    #[test]
    fn every_unit_that_is_off_is_told() {
        assert!(findings(18, &[call(0, 10), call(10, 7)]).contains("$0.000001 was claimed that no answer"));
        assert!(findings(16, &[call(0, 10), call(10, 7)]).contains("$0.000001 is not claimed"));
        assert!(
            findings(18, &[call(0, 10), call(11, 7)]).contains("$0.000001 was charged without an answer")
        );
        assert!(findings(10, &[call(0, 10), call(0, 10)]).contains("two answers"));
        assert!(findings(11, &[call(0, 11)]).contains("$0.000011 was charged for a call at $0.00001"));
        let moves = [movement(MoveKind::Deposit, 5)];
        let lost = judge(ChannelFunds::default(), ChannelFunds::default(), &[&moves[0]], Vec::new());
        assert_eq!(lost, ["$0.000005 went in, and $0.00 is in it or came back"]);
    }
}
