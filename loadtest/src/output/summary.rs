//! A result in a terminal.

use std::fmt;

use super::units::{rate, time};
use crate::{
    result::{Comparison, MoneySummary, RunResult},
    sample::Measure,
};

/// Shows a result as text.
#[derive(Debug)]
pub struct Text<'a>(pub &'a RunResult);

/// Shows a comparison as text.
#[derive(Debug)]
pub struct ComparisonText<'a>(pub &'a Comparison);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(result) = self;
        let load = &result.load;
        writeln!(f, "\n{}", load.plan)?;
        writeln!(
            f,
            "  {} of {} calls served, {}; {} started and were not, {} did not start, {} payments sent again",
            load.served,
            load.intended,
            rate(load.served_per_s),
            load.started - load.served,
            load.intended - load.started,
            load.sent_again
        )?;
        for (reason, count) in &result.unserved {
            writeln!(f, "    {count:>7}  {reason}")?;
        }
        times(f, result)?;
        if let Some(money) = &result.money {
            audit(f, money)?;
        }
        if let Some(cost) = &result.cost {
            let usd = cost.usd_per_payment.map(|usd| format!(", ${usd:.6}")).unwrap_or_default();
            let share = cost.share_of_price.map(|share| format!(", {:.1}% of the price", share * 100.0));
            let (gas, each) = (cost.gas_per_payment, cost.payments / cost.transactions.max(1));
            writeln!(
                f,
                "  gas         {gas:.0} a payment, about {each} a transaction{usd}{}",
                share.unwrap_or_default()
            )?;
        }
        for reason in &result.generator.bottleneck {
            writeln!(f, "  GENERATOR   {reason}")?;
        }
        verdict(f, result)
    }
}

fn times(f: &mut fmt::Formatter<'_>, result: &RunResult) -> fmt::Result {
    writeln!(f, "\n  {:<15}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}", "", "mean", "p50", "p90", "p99", "p99.9", "max")?;
    for measure in Measure::ALL {
        let Some(summary) = result.measures.get(measure.name()) else { continue };
        let shown =
            [summary.mean_s, summary.p50_s, summary.p90_s, summary.p99_s, summary.p999_s, summary.max_s];
        write!(f, "  {measure:<15}")?;
        for figure in shown {
            write!(f, "{:>9}", time(figure))?;
        }
        writeln!(f)?;
    }
    writeln!(f)
}

fn audit(f: &mut fmt::Formatter<'_>, money: &MoneySummary) -> fmt::Result {
    let shown = money.classes.iter().filter(|(_, count)| **count > 0);
    let classes: Vec<_> = shown.map(|(class, count)| format!("{count} {class}")).collect();
    writeln!(f, "  payments    {}", if classes.is_empty() { "none".to_owned() } else { classes.join(", ") })?;
    let ledger = money.ledger.map_or("not shown".to_owned(), |ledger| ledger.to_string());
    let credits: Vec<_> = money.credits.values().map(ToString::to_string).collect();
    writeln!(
        f,
        "  money       debits {} by logs, {} back, {} gone by balances; credits {}; ledger {ledger}; signed {}",
        money.debits,
        money.returns,
        money.balances,
        if credits.is_empty() { "$0.00".to_owned() } else { credits.join(" + ") },
        money.signed
    )?;
    let Some(channels) = money.channels else { return Ok(()) };
    writeln!(
        f,
        "  channels    {} for {} calls: charged {}, claimed {}; put in {}, given back {}, withdrawn {}, left {}; paid out {}, owed {}",
        channels.channels,
        channels.calls,
        channels.charged,
        channels.claims,
        channels.deposits,
        channels.refunds,
        channels.withdrawals,
        channels.left,
        channels.paid_out,
        channels.owed
    )
}

fn verdict(f: &mut fmt::Formatter<'_>, result: &RunResult) -> fmt::Result {
    for leak in &result.verdict.leaks {
        writeln!(f, "  LEAK        {leak}")?;
    }
    for threshold in result.thresholds.iter().filter(|threshold| !threshold.passed) {
        let value = threshold.value.map_or("nothing measured".to_owned(), |value| format!("{value:.4}"));
        writeln!(f, "  THRESHOLD   {} ({value})", threshold.condition)?;
    }
    write!(f, "  {}", if result.verdict.passed { "passed" } else { "FAILED" })
}

impl fmt::Display for ComparisonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(comparison) = self;
        let measure = comparison.measure;
        for difference in &comparison.differences {
            let [low, high] = difference.ratio;
            let said = match () {
                () if low > 1.0 => "slower",
                () if high < 1.0 => "faster",
                () => "no difference beyond chance",
            };
            writeln!(
                f,
                "{measure:<15} {:<5}{:>9} -> {:>9}   x{low:.3} to x{high:.3}   {said}",
                difference.figure,
                time(difference.before_s),
                time(difference.after_s)
            )?;
        }
        Ok(())
    }
}
