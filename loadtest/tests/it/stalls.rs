//! A server that stalls, whose latency is known: an open loop shows it, a closed one leaves it out, as every closed loop does.

use std::time::Duration;

use axum::{Router, http::StatusCode, routing::get};
use loadtest::{
    plan::{PlanArgs, Scheme},
    result::{Host, RunResult, merge},
    run,
    sample::Measure,
};
use tokio::{net::TcpListener, process::Command, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::seller;

/// A quarter of the time it answers nobody: a stall of a second, more often than the one in ten that is usual, so that a
/// test is short and a busy machine's own milliseconds weigh little.
const PERIOD: Duration = Duration::from_secs(4);
const STALL: Duration = Duration::from_secs(1);
/// Whole periods, so that it does not matter in which phase a run begins.
const DURATION: &str = "12s";

/// A seller of nothing, that answers at once but for its stalls.
async fn stalling() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let start = Instant::now();
    let answer = move || async move {
        let into = Duration::from_secs_f64(start.elapsed().as_secs_f64() % PERIOD.as_secs_f64());
        if let Some(left) = STALL.checked_sub(into) {
            tokio::time::sleep(left).await;
        }
        (StatusCode::PAYMENT_REQUIRED, [("payment-required", seller::offer())])
    };
    let app = Router::new().route("/", get(answer));
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/")
}

async fn measured(url: &str, args: PlanArgs) -> RunResult {
    let args = PlanArgs {
        url: Some(url.to_owned()),
        scheme: Some(Scheme::None),
        duration: DURATION.parse().ok(),
        ..args
    };
    let plan = args.plan().expect("a plan");
    run(&plan, Vec::new(), &mut (), CancellationToken::new()).await.expect("a result")
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

/// A quarter of the calls arrive in a stall, evenly, and wait for its end: so the time that p percent do not exceed is
/// (p - 75) parts of 25 of the stall.
fn analytic(percent: f64) -> f64 {
    (percent - 75.0) / 25.0 * STALL.as_secs_f64()
}

/// How far the percentiles of a run are from the analytic ones, at most. What an answer takes without a stall is added: the
/// median tells it, since three of four calls meet none.
fn error(result: &RunResult) -> f64 {
    let usual = percentile(result, 50.0, Measure::Total);
    let error = |percent| (percentile(result, percent, Measure::Total) - usual) / analytic(percent) - 1.0;
    [90.0, 95.0, 99.0].map(error).map(f64::abs).into_iter().fold(0.0, f64::max)
}

/// How far off a run may be. Two percent; a tenth where other programs keep the processors busy, whose stalls are no error of
/// the generator. Coordinated omission would be off by nearly everything.
fn tolerance(result: &RunResult) -> f64 {
    let idle = |host: &Host| {
        host.load.iter().all(|load| *load < 0.75 * f64::from(u32::try_from(host.processors).unwrap_or(1)))
    };
    if result.provenance.hosts.iter().all(idle) { 0.02 } else { 0.10 }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_loop_measures_the_stall_in_one_process_or_in_two_whose_results_are_merged() {
    let url = stalling().await;
    let rate = |rate| PlanArgs { rate: Some(rate), ..PlanArgs::default() };
    let mut errors = Vec::new();
    while errors.len() < 3 {
        let (whole, half, other) =
            tokio::join!(measured(&url, rate(100.0)), process(&url, "50"), process(&url, "50"));
        assert_eq!((whole.load.served, whole.load.intended), (1200, 1200));
        let merged = merge(vec![half, other]).expect("a merged result");
        assert_eq!((merged.load.served, merged.provenance.hosts.len()), (1200, 2));
        errors.push((error(&whole), error(&merged)));
        if error(&whole).max(error(&merged)) < tolerance(&whole) {
            return;
        }
    }
    panic!("off by {errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_loop_leaves_the_stall_out() {
    // One customer is in each stall once, whatever the number of its other calls: the stall is far above its p99.
    let closed = measured(&stalling().await, PlanArgs { closed: Some(1), ..PlanArgs::default() }).await;
    assert!(closed.load.served > 400, "{} calls", closed.load.served);
    let (hidden, shown) = (percentile(&closed, 99.0, Measure::Total), analytic(99.0));
    assert!(hidden < shown / 2.0, "the closed loop's p99 of {hidden} leaves out what is {shown}");
    assert!(closed.measures["total"].max_s > 0.5, "although its longest call shows the stall");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_that_cannot_keep_up_says_so() {
    let url = stalling().await;
    let args = PlanArgs { rate: Some(200.0), max_in_flight: Some(1), ..PlanArgs::default() };
    let result = measured(&url, args).await;
    let load = &result.load;
    assert!(load.not_started_in_flight > 50, "a stall of 100 calls' time, one at once: {load:?}");
    assert_eq!(load.started + load.not_started_in_flight, 2400, "every intended call is accounted for");
    assert!(result.generator.bottleneck.iter().any(|reason| reason.contains("max-in-flight")));
}
