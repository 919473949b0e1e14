//! What came back to the buyers, beside what the sellers' ledgers tell of it.

use x402::{Address, B256, Usdc};

use super::{LedgerEntry, channels::is_return};
use crate::chain::Debit;

/// Transfers to the buyers that no refund explains yet.
#[derive(Clone, Debug)]
pub(super) struct Returns(Vec<Debit>);

impl Returns {
    /// What channels gave back is in their own books.
    pub(super) fn new(returns: &[Debit]) -> Self {
        Self(returns.iter().filter(|credit| !is_return(credit)).copied().collect())
    }

    /// Whether the chain shows every refund of a payment. What is shown stands for one refund only.
    pub(super) fn shows(&mut self, entry: &LedgerEntry) -> bool {
        let refunds = entry.refunds.iter().flat_map(|refunds| &refunds.0);
        let found: Vec<_> =
            refunds.map(|refund| self.take(refund.transaction, refund.to, refund.amount)).collect();
        !found.is_empty() && found.into_iter().all(|found| found)
    }

    /// What nobody explains.
    pub(super) fn unexplained(&self) -> Option<String> {
        let sum = crate::wallets::total(self.0.iter().map(|credit| credit.value));
        let count = self.0.len();
        (count > 0)
            .then(|| format!("{count} transfers, {sum} in all, came to the buyers that no seller tells of"))
    }

    fn take(&mut self, transaction: Option<B256>, to: Address, amount: Usdc) -> bool {
        let fits = |credit: &Debit| {
            Some(credit.transaction) == transaction && credit.to == to && credit.value == amount
        };
        let at = self.0.iter().position(fits);
        at.map(|at| self.0.swap_remove(at)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use x402::{Refund, Refunds};

    use super::*;
    use crate::audit::Money;

    fn credit(transaction: u8, value: u64) -> Debit {
        Debit {
            from: Address::repeat_byte(1),
            to: Address::repeat_byte(2),
            value: Usdc::from_atomic(value),
            transaction: B256::repeat_byte(transaction),
            block: 1,
            log_index: 0,
        }
    }

    fn entry(transaction: Option<u8>, amount: u64) -> LedgerEntry {
        let transaction = transaction.map(B256::repeat_byte);
        let (amount, to) = (Usdc::from_atomic(amount), Address::repeat_byte(2));
        let refunds = Some(Refunds(vec![Refund { index: 0, amount, transaction, to }]));
        LedgerEntry { money: Money::Refunded, amount, refunds, signed_status: None }
    }

    #[test]
    fn a_refund_is_what_the_chain_shows_and_each_transfer_is_one() {
        let mut returns = Returns::new(&[credit(7, 1000), credit(8, 5)]);
        assert!(!returns.shows(&entry(None, 1000)), "none was sent");
        assert!(!returns.shows(&entry(Some(7), 999)), "another amount");
        assert!(returns.shows(&entry(Some(7), 1000)));
        assert!(!returns.shows(&entry(Some(7), 1000)), "the same transfer is not two refunds");
        let finding = returns.unexplained().expect("a finding");
        assert!(finding.contains("1 transfers, $0.000005 in all"), "{finding}");
    }
}
