//! What a grounded answer takes, without payment: `persona answer`, the same path as the paid route.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::{self, available_parallelism},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::{
    data::{Row, Table},
    section::Bench,
    stats::{Spread, percentile},
};

/// How long a round asks, with one buyer and with as many as there are cores.
const SPAN: Duration = Duration::from_secs(3);

/// `persona answer --jsonl`, asked a line at a time.
struct Persona {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    asked: u64,
}

pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let program = Bench::program("persona")?;
    let cores = available_parallelism()?.get();
    let mut personas = (0..cores).map(|_| Persona::start(&program)).collect::<anyhow::Result<Vec<_>>>()?;
    let (mut median, mut rate, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        median.push(percentile(&personas[0].latencies()?, 0.5));
        rate.push(together(&mut personas)?);
        memory.push(personas[0].resident()?);
    }
    let row = |what: &str, unit: &str, rounds: &[f64], goal: &str| Row {
        what: what.to_owned(),
        unit: unit.to_owned(),
        ours: Spread::of(rounds),
        peer: None,
        goal: Some(goal.to_owned()),
    };
    let rows = vec![
        row("grounded answer, one buyer, p50", "ms", &median, "under 50"),
        row("grounded answers, all cores", "per second", &rate, "200 on two cores"),
        row("resident memory with embeddings", "MB", &memory, "under 400"),
    ];
    Ok(vec![Table { title: String::new(), rows }])
}

/// Answers a second of all of them at once.
fn together(personas: &mut [Persona]) -> anyhow::Result<f64> {
    let began = Instant::now();
    let answered = thread::scope(|scope| {
        let threads: Vec<_> =
            personas.iter_mut().map(|persona| scope.spawn(|| persona.latencies())).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().ok().context("a thread ended")?)
            .collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok(answered.iter().map(Vec::len).sum::<usize>() as f64 / began.elapsed().as_secs_f64())
}

impl Persona {
    fn start(program: &Path) -> anyhow::Result<Self> {
        let mut process = Command::new(program)
            .args(["answer", "--jsonl"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("persona does not start")?;
        let stdin = process.stdin.take().context("stdin")?;
        let stdout = BufReader::new(process.stdout.take().context("stdout")?);
        let mut persona = Self { process, stdin, stdout, asked: 0 };
        for _ in 0..KINDS {
            persona.ask()?;
        }
        Ok(persona)
    }

    /// Milliseconds of every answer, for as long as the span.
    fn latencies(&mut self) -> anyhow::Result<Vec<f64>> {
        let began = Instant::now();
        let mut taken = Vec::new();
        while began.elapsed() < SPAN {
            let asked = Instant::now();
            self.ask()?;
            taken.push(asked.elapsed().as_secs_f64() * 1e3);
        }
        Ok(taken)
    }

    fn ask(&mut self) -> anyhow::Result<()> {
        self.asked += 1;
        writeln!(self.stdin, "{}", query(self.asked))?;
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        ensure!(line.contains("\"calibration\""), "no answer: {line}");
        Ok(())
    }

    fn resident(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1024.0)
    }
}

impl Drop for Persona {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How many kinds of questions take turns.
const KINDS: u64 = 4;

/// A question that was not asked before: a survey's, an unseen one, intent at a price, an interview of ten.
fn query(number: u64) -> Value {
    let concept = json!({"description": "A bottle that reminds you to drink", "attributes": ["glowing reminder"], "price": 10 + number % 90});
    match number % KINDS {
        0 => {
            json!({"question": "Are we spending too little, about the right amount or too much on the environment?", "seed": number,
            "options": ["Too little", "About right", "Too much"], "audience": {"party": "Democrat"}})
        }
        1 => {
            json!({"question": "Should shops have to take cash?", "options": ["Yes", "No"], "seed": number, "audience": {"age": "18-34"}})
        }
        2 => {
            json!({"question": "How likely are you to buy it?", "type": "purchase_intent", "seed": number, "concept": concept})
        }
        _ => {
            json!({"mode": "interview", "question": "What do you think of it?", "n": 10, "seed": number, "concept": concept,
            "audience": {"gender": "women", "income": "under $50k"}})
        }
    }
}
