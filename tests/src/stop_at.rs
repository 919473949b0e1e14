//! Kills this very process at a named move of a payment's state, as a power cut would, and notes every move. Only this test
//! service can: the gate tells its moves as tracing events, and nothing else listens for this.

use std::{env, fs, io::Write as _, process::Command};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// Where the gate tells its moves.
const TARGET: &str = "x402_gate::state";

struct StopAt {
    /// `before settling/none settled/running`
    place: String,
    notes: String,
}

#[derive(Default)]
struct Move {
    when: String,
    step: String,
}

/// Listens from now on.
pub(crate) fn listen() -> anyhow::Result<()> {
    let variable = |name| env::var(name).unwrap_or_default();
    let listener = StopAt { place: variable("STOP_AT"), notes: variable("MOVES_FILE") };
    Ok(tracing::subscriber::set_global_default(listener)?)
}

/// Hears the moves and nothing else.
impl Subscriber for StopAt {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == TARGET
    }

    fn event(&self, event: &Event<'_>) {
        let mut seen = Move::default();
        event.record(&mut seen);
        if format!("{} {}", seen.when, seen.step) == self.place {
            let _ = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            loop {
                std::thread::park();
            }
        }
        if seen.when == "after"
            && let Ok(mut notes) = fs::OpenOptions::new().create(true).append(true).open(&self.notes)
        {
            let _ = notes.write_all(format!("{}\n", seen.step).as_bytes());
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Move {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "when" => value.clone_into(&mut self.when),
            "step" => value.clone_into(&mut self.step),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
