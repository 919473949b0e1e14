//! From the calls of a run to its result.

use std::{collections::BTreeMap, time::Duration};

use x402::Usdc;

use super::{
    Additivity, BlockSeen, ChannelSummary, CostSummary, GeneratorSummary, HistogramError, Intervals,
    Latencies, LoadSummary, MoneySummary, Point, Provenance, RunResult, SCHEMA, Summary, TargetSummary,
    Verdict,
};
use crate::{
    audit::{Audit, ChannelBooks, Class, Judged},
    chain::ClockReading,
    plan::{Load, Plan},
    sample::{Answer, Call, Measure},
};

/// A result draws at most so many single calls.
const POINTS: usize = 4000;
/// At most so many stretches of time have histograms of their own.
const STRETCHES: f64 = 120.0;

/// Everything that a run left behind.
pub(crate) struct Raw<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) calls: &'a [Call],
    pub(crate) not_started_in_flight: u64,
    pub(crate) not_started_interrupted: u64,
    pub(crate) prices: &'a [Option<Usdc>],
    pub(crate) clock: ClockReading,
    pub(crate) audit: Option<&'a Audit>,
    pub(crate) cost: Option<CostSummary>,
    pub(crate) provenance: Provenance,
    pub(crate) processors_busy: Option<f64>,
}

impl Raw<'_> {
    /// Puts the result together.
    ///
    /// # Errors
    /// [`HistogramError`] is a fault of this program.
    pub(crate) fn result(self) -> Result<RunResult, HistogramError> {
        let (measures, intervals) = self.measured();
        let mut result = RunResult {
            schema: SCHEMA.to_owned(),
            verdict: Verdict::default(),
            load: self.load(),
            unserved: self.unserved(),
            additivity: additivity(&measures),
            generator: self.generator(&measures),
            measures,
            targets: self.targets(),
            money: self.audit.map(money),
            cost: self.cost,
            blocks: self.blocks(),
            thresholds: Vec::new(),
            points: self.points(),
            intervals,
            provenance: self.provenance.clone(),
        };
        result.judge(&self.plan.fail_if)?;
        Ok(result)
    }

    fn judged(&self, index: usize) -> Option<&Judged> {
        self.audit?.judged.get(index)?.as_ref()
    }

    /// A measure of a call, the chain's clock included.
    fn measure(&self, index: usize, call: &Call, measure: Measure) -> Option<Duration> {
        let settled = || Some((call.payment?.sent, self.judged(index)?.settlements.first()?.debit));
        let seen = match measure {
            Measure::ToFlashblock => self.clock.flashblocks.get(&settled()?.1.transaction).copied(),
            Measure::ToBlock => self.clock.seen(settled()?.1.block),
            Measure::ToSafe => self.clock.safe(settled()?.1.block),
            _ => return call.measure(measure),
        };
        Some(seen?.saturating_sub(settled()?.0))
    }

    fn measured(&self) -> (BTreeMap<String, Summary>, Intervals) {
        let length = (self.plan.duration().as_secs_f64() / STRETCHES).max(1.0);
        let (mut summaries, mut measures) = (BTreeMap::new(), BTreeMap::new());
        for measure in Measure::ALL {
            let (mut stretches, mut sum) = (Vec::new(), 0.0);
            for (index, call) in self.calls.iter().enumerate().filter(|(_, call)| call.is_served()) {
                let Some(time) = self.measure(index, call, measure) else { continue };
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "at most 120 stretches"
                )]
                let stretch = (call.intended.as_secs_f64() / length) as usize;
                if stretches.len() <= stretch {
                    stretches.resize_with(stretch + 1, Latencies::default);
                }
                stretches[stretch].record(time);
                sum += time.as_secs_f64();
            }
            let mut all = Latencies::default();
            stretches.iter().for_each(|stretch| all.add(stretch));
            if all.count() > 0 {
                summaries.insert(measure.name().to_owned(), all.summary(sum));
                measures.insert(measure.name().to_owned(), stretches.iter().map(Latencies::encode).collect());
            }
        }
        (summaries, Intervals { length_s: length, measures })
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of calls, far below 2^53")]
    fn load(&self) -> LoadSummary {
        let (duration, started) = (self.plan.duration(), count(self.calls.iter()));
        let (in_flight, interrupted) = (self.not_started_in_flight, self.not_started_interrupted);
        let in_time = count(self.calls.iter().filter(|call| call.is_served() && call.ended <= duration));
        LoadSummary {
            plan: match &self.plan.load {
                Load::Open(schedule) => format!("open: {schedule}"),
                Load::Closed { customers, duration } => {
                    format!("closed: {customers} customers for {}", humantime::format_duration(*duration))
                }
            },
            duration_s: duration.as_secs_f64(),
            elapsed_s: self.calls.iter().map(|call| call.ended).max().unwrap_or_default().as_secs_f64(),
            intended: started + in_flight + interrupted,
            started,
            not_started_in_flight: in_flight,
            not_started_interrupted: interrupted,
            served: count(self.calls.iter().filter(|call| call.is_served())),
            served_per_s: in_time as f64 / duration.as_secs_f64(),
            sent_again: self.calls.iter().map(|call| u64::from(call.sendings.saturating_sub(1))).sum(),
        }
    }

    fn unserved(&self) -> BTreeMap<String, u64> {
        let mut reasons = BTreeMap::new();
        for call in self.calls {
            let reason = match &call.answer {
                Answer::Served => continue,
                Answer::Refused(reason) => reason.clone(),
                Answer::Unclear(heard) => format!("unclear: {heard}"),
            };
            *reasons.entry(reason).or_default() += 1;
        }
        reasons
    }

    fn targets(&self) -> Vec<TargetSummary> {
        let of = |(index, target): (usize, &crate::plan::Target)| {
            let calls = || self.calls.iter().filter(move |call| call.target == index);
            let (mut latencies, mut sum) = (Latencies::default(), 0.0);
            for time in
                calls().filter(|call| call.is_served()).filter_map(|call| call.measure(Measure::Total))
            {
                latencies.record(time);
                sum += time.as_secs_f64();
            }
            TargetSummary {
                name: target.name.clone(),
                started: count(calls()),
                served: latencies.count(),
                price: self.prices.get(index).copied().flatten(),
                total: latencies.summary(sum),
            }
        };
        self.plan.targets.iter().enumerate().map(of).collect()
    }

    fn blocks(&self) -> Vec<BlockSeen> {
        let seen = self.clock.blocks.iter();
        seen.map(|block| BlockSeen { number: block.number, at_s: block.seen.as_secs_f64() }).collect()
    }

    fn points(&self) -> Vec<Point> {
        let stride = self.calls.len().div_ceil(POINTS).max(1);
        let mut order: Vec<usize> = (0..self.calls.len()).collect();
        order.sort_unstable_by_key(|&index| self.calls[index].intended);
        let point = |index: usize| {
            let call = &self.calls[index];
            let class = self.judged(index).map(|judged| judged.class.name());
            Point {
                at_s: call.intended.as_secs_f64(),
                paid_s: call.paid().map(|paid| paid.as_secs_f64()),
                total_s: call.ended.saturating_sub(call.intended).as_secs_f64(),
                outcome: class.unwrap_or(if call.is_served() { "served" } else { "unserved" }).to_owned(),
            }
        };
        order.into_iter().step_by(stride).map(point).collect()
    }

    /// Whether these are the generator's figures rather than the seller's.
    fn generator(&self, measures: &BTreeMap<String, Summary>) -> GeneratorSummary {
        let p99 = |measure: Measure| measures.get(measure.name()).map_or(0.0, |summary| summary.p99_s);
        let (wait, sign, total) = (p99(Measure::Wait), p99(Measure::Sign), p99(Measure::Total));
        let mut bottleneck = Vec::new();
        if wait > 0.010 && wait > total / 20.0 {
            bottleneck.push(format!("calls started late: p99 of wait is {:.1} ms", wait * 1e3));
        }
        if sign > 0.010 && sign > total / 20.0 {
            bottleneck.push(format!("signing queued up: p99 of sign is {:.1} ms", sign * 1e3));
        }
        if self.not_started_in_flight > 0 {
            let (count, limit) = (self.not_started_in_flight, self.plan.max_in_flight);
            bottleneck.push(format!("{count} calls did not start: {limit} were under way (max-in-flight)"));
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of processors")]
        let processors = self.provenance.hosts.first().map_or(1.0, |host| host.processors as f64);
        if let Some(busy) = self.processors_busy.filter(|busy| *busy > 0.9 * processors) {
            bottleneck.push(format!("it kept {busy:.1} of {processors} processors busy"));
        }
        GeneratorSummary { bottleneck, processors_busy: self.processors_busy }
    }
}

pub(super) fn additivity(measures: &BTreeMap<String, Summary>) -> Additivity {
    let sum = |measure: Measure| measures.get(measure.name()).map_or(0.0, |summary| summary.sum_s);
    let calls = measures.get(Measure::Total.name()).map_or(1, |summary| summary.count.max(1));
    #[expect(clippy::cast_precision_loss, reason = "a count of calls, far below 2^53")]
    let each = |sum: f64| sum / calls as f64;
    Additivity {
        parts_s: each(Measure::PARTS.into_iter().map(sum).sum()),
        total_s: each(sum(Measure::Total)),
    }
}

fn money(audit: &Audit) -> MoneySummary {
    let of = |class: Class| count(audit.judged.iter().flatten().filter(move |judged| judged.class == class));
    let sums = audit.sums.clone();
    MoneySummary {
        classes: Class::ALL.into_iter().map(|class| (class.name().to_owned(), of(class))).collect(),
        signed: sums.signed,
        claimed: sums.claimed,
        debits: sums.debits,
        returns: sums.returns,
        balances: sums.balances,
        channels: audit.channels.as_ref().map(channels),
        credits: sums.credits,
        ledger: sums.ledger,
        unproven: audit.unproven,
        blocks: audit.blocks.into(),
        findings: audit.findings.clone(),
    }
}

fn channels(books: &ChannelBooks) -> ChannelSummary {
    ChannelSummary {
        channels: books.channels,
        calls: books.calls,
        charged: books.charged,
        deposits: books.deposits,
        claims: books.claims,
        refunds: books.refunds,
        withdrawals: books.withdrawals,
        paid_out: books.paid_out,
        owed: books.owed,
        left: books.left,
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}

/// What is measured where the truth is known: a server that stalls for the first second of every ten, and answers at once
/// otherwise. The times are computed, so that nothing here depends on how busy a machine is.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::{PlanArgs, Scheme},
        result::merge,
        sample::Phases,
    };

    const PERIOD: f64 = 10.0;
    const STALL: f64 = 1.0;

    /// How long a call that reaches the server at a time has to wait.
    fn stall(at: Duration) -> Duration {
        Duration::from_secs_f64((STALL - at.as_secs_f64() % PERIOD).max(0.0))
    }

    fn call(intended: Duration, started: Duration) -> Call {
        let (ended, answer) = (started + stall(started), Answer::Served);
        let phases = Phases { challenge: Some(ended - started), ..Phases::default() };
        Call { target: 0, intended, started, ended, phases, payment: None, drawn: None, answer, sendings: 0 }
    }

    fn plan(args: PlanArgs) -> Plan {
        let url = Some("http://127.0.0.1:1/".to_owned());
        let args = PlanArgs { url, scheme: Some(Scheme::None), duration: "100s".parse().ok(), ..args };
        args.plan().expect("a plan")
    }

    fn result(plan: &Plan, calls: &[Call]) -> RunResult {
        let raw = Raw {
            plan,
            calls,
            not_started_in_flight: 0,
            not_started_interrupted: 0,
            prices: &[None],
            clock: ClockReading::default(),
            audit: None,
            cost: None,
            provenance: Provenance::default(),
            processors_busy: None,
        };
        raw.result().expect("a result")
    }

    /// An open loop of the plan's own schedule.
    fn open(rate: f64, late: Duration) -> RunResult {
        let plan = plan(PlanArgs { rate: Some(rate), ..PlanArgs::default() });
        let Load::Open(schedule) = &plan.load else { panic!("an open loop") };
        let calls: Vec<Call> = schedule.starts().map(|intended| call(intended, intended + late)).collect();
        result(&plan, &calls)
    }

    fn percentile(result: &RunResult, measure: Measure, percent: f64) -> f64 {
        result.latencies(measure).expect("histograms").percentile(percent)
    }

    /// A tenth of the calls arrive in a stall, evenly: what p percent do not exceed is (p - 90) parts of 10 of it.
    fn analytic(percent: f64) -> f64 {
        (percent - 90.0) / 10.0 * STALL
    }

    fn assert_within_two_percent(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 0.02, "{found} for {expected}");
    }

    #[test]
    fn an_open_loop_has_the_analytic_percentiles_whole_or_merged() {
        let half = Duration::from_millis(5);
        let merged = merge(vec![open(100.0, Duration::ZERO), open(100.0, half)]).expect("a merged result");
        for percent in [92.0, 95.0, 99.0, 99.9] {
            let whole = percentile(&open(200.0, Duration::ZERO), Measure::Total, percent);
            assert_within_two_percent(whole, analytic(percent));
            assert_within_two_percent(percentile(&merged, Measure::Total, percent), whole);
        }
    }

    #[test]
    fn a_late_start_is_the_callers_wait_and_the_parts_add_up() {
        let late = open(100.0, Duration::from_millis(20));
        assert_within_two_percent(percentile(&late, Measure::Wait, 50.0), 0.020);
        let sum = late.additivity;
        assert!((sum.parts_s / sum.total_s - 1.0).abs() < 1e-9, "{sum:?}");
    }

    #[test]
    fn a_closed_loop_leaves_the_stall_out() {
        let plan = plan(PlanArgs { closed: Some(1), ..PlanArgs::default() });
        let (mut at, mut calls) = (Duration::ZERO, Vec::new());
        while at < plan.duration() {
            calls.push(call(at, at));
            at += stall(at) + Duration::from_millis(10);
        }
        let closed = result(&plan, &calls);
        assert!(percentile(&closed, Measure::Total, 99.0) < analytic(99.0) / 100.0);
        assert_within_two_percent(closed.measures["total"].max_s, STALL);
    }
}
