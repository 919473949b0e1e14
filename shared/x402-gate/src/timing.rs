use std::time::Duration;

/// How long each phase of a sale took, for `Server-Timing`.
#[derive(Default)]
pub(crate) struct Timing(Vec<(&'static str, Duration)>);

impl Timing {
    pub(crate) fn record(&mut self, phase: &'static str, took: Duration) {
        self.0.push((phase, took));
    }

    /// The header's value (W3C Server Timing), in milliseconds.
    pub(crate) fn header(&self) -> String {
        let phases = self.0.iter().map(|(name, took)| format!("{name};dur={:.2}", took.as_secs_f64() * 1e3));
        phases.collect::<Vec<_>>().join(", ")
    }
}
