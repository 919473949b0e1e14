//! A server that stalls, whose latency is known: an open loop shows it, a closed one leaves it out, as every closed loop does.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use loadtest::{
    Observer,
    plan::{PlanArgs, Scheme},
    result::{Latencies, RunResult, merge},
    run,
    sample::Measure,
};
use tokio::{
    net::TcpListener,
    process::Command,
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::seller;

/// Of every six seconds it answers nobody for three: stalls long enough that what a busy machine adds is less than two percent.
const PERIOD: Duration = Duration::from_secs(6);
const STALL: Duration = Duration::from_secs(3);
/// Whole periods, so that it does not matter in which phase a run begins.
const DURATION: &str = "12s";

/// A seller of nothing, that answers at once but for its stalls, and writes down when they began and ended.
struct Stalling {
    url: String,
    stalls: Arc<Mutex<Vec<[Instant; 2]>>>,
}

impl Stalling {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let (open, gate) = watch::channel(true);
        let stalls = Arc::<Mutex<Vec<[Instant; 2]>>>::default();
        let recorded = stalls.clone();
        tokio::spawn(async move {
            loop {
                open.send_replace(false);
                let began = Instant::now();
                sleep(STALL).await;
                recorded.lock().expect("a lock").push([began, Instant::now()]);
                open.send_replace(true);
                sleep(PERIOD.saturating_sub(began.elapsed())).await;
            }
        });
        let answer = move || {
            let mut gate = gate.clone();
            async move {
                gate.wait_for(|open| *open).await.expect("a gate");
                (StatusCode::PAYMENT_REQUIRED, [("payment-required", seller::offer())])
            }
        };
        let app = Router::new().route("/", get(answer));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, stalls }
    }

    /// How long calls have to wait that arrive evenly between two instants: the analytic answer, from the stalls as they were.
    fn analytic(&self, began: Instant, calls: u32, each: Duration) -> Latencies {
        let (stalls, mut latencies) = (self.stalls.lock().expect("a lock"), Latencies::default());
        for intended in (0..calls).map(|index| began + each * index) {
            let stall = stalls.iter().find(|[began, ended]| (*began..*ended).contains(&intended));
            latencies.record(stall.map_or(Duration::ZERO, |[_, ended]| *ended - intended));
        }
        latencies
    }
}

/// Sees when a run begins, by this process's clock.
#[derive(Default)]
struct Epoch(Option<Instant>);

impl Observer for Epoch {
    fn tick(&mut self, at: Duration) {
        let epoch = Instant::now() - at;
        self.0 = Some(self.0.map_or(epoch, |earlier| earlier.min(epoch)));
    }
}

async fn measured(url: &str, args: PlanArgs) -> RunResult {
    seen(url, args, &mut ()).await
}

async fn seen(url: &str, args: PlanArgs, observer: &mut dyn Observer) -> RunResult {
    let args = PlanArgs {
        url: Some(url.to_owned()),
        scheme: Some(Scheme::None),
        duration: DURATION.parse().ok(),
        ..args
    };
    let plan = args.plan().expect("a plan");
    run(&plan, Vec::new(), observer, CancellationToken::new()).await.expect("a result")
}

/// The same by the program, in a process of its own.
async fn process(url: &str, rate: &str) -> RunResult {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("result.json");
    let mut run = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    run.args(["run", "--url", url, "--scheme", "none", "--rate", rate, "--duration", DURATION, "--json"]);
    let output = run.arg(&json).output().await.expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&std::fs::read(json).expect("a result")).expect("JSON")
}

fn percentile(result: &RunResult, percent: f64, measure: Measure) -> f64 {
    result.latencies(measure).expect("histograms").percentile(percent)
}

/// How far the percentiles of a run are from the analytic ones, at most. What an answer takes without a stall is added: the
/// first quarter tells it, since half of the calls meet none.
fn error(result: &RunResult, analytic: &Latencies) -> f64 {
    let usual = percentile(result, 25.0, Measure::Total);
    let error =
        |percent| (percentile(result, percent, Measure::Total) - usual) / analytic.percentile(percent) - 1.0;
    [75.0, 90.0, 95.0, 99.0].map(error).map(f64::abs).into_iter().fold(0.0, f64::max)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_loop_measures_the_stall_in_one_process_or_in_two_whose_results_are_merged() {
    let server = Stalling::open().await;
    let (url, rate) = (&server.url, PlanArgs { rate: Some(50.0), ..PlanArgs::default() });
    let mut errors = Vec::new();
    while errors.len() < 3 {
        let mut epoch = Epoch::default();
        let (whole, half, other) =
            tokio::join!(seen(url, rate.clone(), &mut epoch), process(url, "25"), process(url, "25"));
        assert_eq!((whole.load.served, whole.load.intended), (600, 600));
        let merged = merge(vec![half, other]).expect("a merged result");
        assert_eq!((merged.load.served, merged.provenance.hosts.len()), (600, 2));
        let analytic = server.analytic(epoch.0.expect("a beginning"), 600, Duration::from_millis(20));
        let apart = [75.0, 90.0, 95.0, 99.0].map(|percent| {
            percentile(&merged, percent, Measure::Total) / percentile(&whole, percent, Measure::Total) - 1.0
        });
        let apart = apart.map(f64::abs).into_iter().fold(0.0, f64::max);
        let found = [error(&whole, &analytic), error(&merged, &analytic), apart];
        if found.iter().all(|error| *error < 0.02) {
            return;
        }
        errors.push(found);
    }
    panic!("whole from the analytic answer, merged from it, and one from the other: {errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_loop_leaves_the_stall_out() {
    // One customer is in each stall once, whatever the number of its other calls: the stall is far above its p99.
    let server = Stalling::open().await;
    let mut epoch = Epoch::default();
    let closed = seen(&server.url, PlanArgs { closed: Some(1), ..PlanArgs::default() }, &mut epoch).await;
    let analytic = server.analytic(epoch.0.expect("a beginning"), 1200, Duration::from_millis(10));
    let (hidden, shown) = (percentile(&closed, 99.0, Measure::Total), analytic.percentile(99.0));
    assert!(hidden < shown / 2.0, "the closed loop's p99 of {hidden} leaves out what is {shown}");
    assert!(closed.measures["total"].max_s > shown / 2.0, "although its longest call shows the stall");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_that_cannot_keep_up_says_so() {
    let url = Stalling::open().await.url;
    let args = PlanArgs { rate: Some(200.0), max_in_flight: Some(1), ..PlanArgs::default() };
    let result = measured(&url, args).await;
    let load = &result.load;
    assert!(load.not_started_in_flight > 50, "a stall of 600 calls' time, one at once: {load:?}");
    assert_eq!(load.started + load.not_started_in_flight, 2400, "every intended call is accounted for");
    assert!(result.generator.bottleneck.iter().any(|reason| reason.contains("max-in-flight")));
}
