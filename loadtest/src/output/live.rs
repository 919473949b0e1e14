//! A run while it goes on: a few lines that change in a terminal, a line every few seconds elsewhere.

use std::{
    io::{IsTerminal, Write, stderr},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use x402::Usdc;

use super::units::{rate, time};
use crate::{
    plan::{Load, Plan},
    result::Latencies,
    run::Observer,
    sample::{Call, Measure},
    wallets::total,
};

/// How often a line is written where nothing can be redrawn.
const LINE: Duration = Duration::from_secs(5);

/// The view, on standard error.
pub struct Live {
    bar: Option<ProgressBar>,
    duration: Duration,
    intended: Option<u64>,
    next_line: Duration,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    ended: u64,
    served: u64,
    again: u64,
    signed: Usdc,
    settled: Usdc,
    totals: Latencies,
}

impl Default for Live {
    fn default() -> Self {
        Self::new(stderr().is_terminal())
    }
}

impl Live {
    /// A view that is redrawn, or one of plain lines.
    #[must_use]
    pub fn new(redrawn: bool) -> Self {
        let bar = redrawn.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(style());
            bar
        });
        let (duration, next_line) = (Duration::ZERO, LINE);
        Self { bar, duration, intended: None, next_line, seen: Seen::default() }
    }

    fn show(&mut self, at: Duration) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(millis(at.min(self.duration)));
                bar.set_message(self.seen.text(at, self.intended, "\n"));
            }
            None if at >= self.next_line => {
                self.next_line = at + LINE;
                line(&format!("{:>4.0} s  {}", at.as_secs_f64(), self.seen.text(at, self.intended, "; ")));
            }
            None => {}
        }
    }
}

impl Observer for Live {
    fn begins(&mut self, plan: &Plan, calls: Option<u64>) {
        (self.duration, self.intended) = (plan.duration(), calls);
        let load = match &plan.load {
            Load::Open(schedule) => format!("{schedule}"),
            Load::Closed { customers, .. } => format!("{customers} customers"),
        };
        let title = format!("{load} over {} on {}", plural(plan.targets.len(), "target"), plan.deployment);
        match &self.bar {
            Some(bar) => {
                bar.set_length(millis(self.duration));
                bar.set_prefix(title);
            }
            None => line(&title),
        }
    }

    fn ended(&mut self, call: &Call, _at: Duration) {
        self.seen.note(call);
    }

    fn tick(&mut self, at: Duration) {
        self.show(at);
    }

    fn audits(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        line("all calls ended; reading the chain");
    }
}

impl Seen {
    fn note(&mut self, call: &Call) {
        self.ended += 1;
        self.again += u64::from(call.sendings.saturating_sub(1));
        self.signed = total([self.signed, call.signed()]);
        self.settled = total([self.settled, call.claimed()]);
        if call.is_served() {
            self.served += 1;
            self.totals.record(call.measure(Measure::Total).unwrap_or_default());
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of calls, far below 2^53")]
    fn text(&self, at: Duration, intended: Option<u64>, separator: &str) -> String {
        let percentile = |percent| time(self.totals.percentile(percent));
        let of = intended.map(|calls| format!(" of {calls}")).unwrap_or_default();
        let served = rate(self.served as f64 / at.as_secs_f64().max(0.001));
        let calls = format!(
            "{} served{of} ({served}), {} not, {} sent again",
            self.served,
            self.ended - self.served,
            self.again
        );
        let times =
            format!("total p50 {}, p90 {}, p99 {}", percentile(50.0), percentile(90.0), percentile(99.0));
        let money = format!("{} signed, {} settled by the sellers' word", self.signed, self.settled);
        [calls, times, money].join(separator)
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{prefix:.bold}\n{bar:48.cyan/dim} {elapsed_precise}\n{msg}");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A closed standard error is no reason to stop a run.
fn line(text: &str) {
    let _ = writeln!(stderr(), "{text}");
}
