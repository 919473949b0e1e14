use std::time::Duration;

use loadtest::plan::{Load, PlanArgs, Schedule, Scheme, Stage, Threshold};
use proptest::prelude::*;

const PLAN: &str = r#"
network = "devnet"
rpc = "http://127.0.0.1:8545"
budget = "2.50"
buyers = 512
stages = ["10..50:30s", "50:1m"]
fail-if = ["p99(total)>3s", "errors>1%"]

[[target]]
url = "http://127.0.0.1:4023/v1/random"
weight = 3

[[target]]
url = "http://127.0.0.1:4022/v1/scrape"
body = '{"url":"http://127.0.0.1/"}'
scheme = "none"
"#;

fn args() -> PlanArgs {
    PlanArgs::from_toml(PLAN).expect("a plan")
}

fn url() -> PlanArgs {
    PlanArgs {
        url: Some("http://127.0.0.1/x".into()),
        scheme: Some(Scheme::None),
        rate: Some(1.0),
        duration: "1s".parse().ok(),
        ..PlanArgs::default()
    }
}

#[test]
fn a_file_says_everything() {
    let plan = args().plan().expect("a plan");
    assert_eq!((plan.buyers, plan.targets.len()), (512, 2));
    assert_eq!(plan.duration(), Duration::from_secs(90));
    assert_eq!(plan.calls(), Some(900 + 3000), "thirty a second on average, then fifty");
    assert_eq!(plan.targets[1].request.parts().method, "POST");
    assert!(plan.pays());
}

#[test]
fn flags_win_over_the_file() {
    let flags =
        PlanArgs { rate: Some(5.0), duration: "10s".parse().ok(), buyers: Some(8), ..PlanArgs::default() };
    let plan = flags.over(args()).plan().expect("a plan");
    assert_eq!((plan.calls(), plan.buyers), (Some(50), 8));
    let plan = url().over(args()).plan().expect("a plan");
    assert_eq!(plan.targets.len(), 1, "a target on the command line replaces the file's");
}

#[test]
fn what_cannot_be_carried_out_is_refused_with_what_to_do() {
    let refusal = |args: PlanArgs| args.plan().expect_err("a refusal").to_string();
    let paid = |args| PlanArgs { scheme: Some(Scheme::Exact), ..args };
    assert!(refusal(PlanArgs::default()).contains("--rate"));
    assert!(refusal(PlanArgs { rate: None, ..url() }).contains("--rate"));
    assert!(refusal(PlanArgs { closed: Some(4), ..url() }).contains("not several"));
    assert!(refusal(PlanArgs { duration: None, ..url() }).contains("--duration"));
    assert!(refusal(PlanArgs { rate: Some(0.0), ..url() }).contains("rate"));
    assert!(refusal(PlanArgs { buyers: Some(0), ..url() }).contains("buyers"));
    assert!(refusal(paid(url())).contains("--rpc"));
    assert!(refusal(PlanArgs { rpc: "http://127.0.0.1:1".parse().ok(), ..paid(url()) }).contains("--budget"));
    assert!(refusal(PlanArgs { url: Some("ftp://x".into()), ..url() }).contains("ftp://x"));
    let channels = PlanArgs { scheme: Some(Scheme::BatchSettlement), ..url() };
    assert!(refusal(channels).contains("--rpc"), "a channel is on a chain too");
}

#[test]
fn an_unknown_key_is_an_error_that_names_it() {
    let error = PlanArgs::from_toml("rte = 5").expect_err("an error").to_string();
    assert!(error.contains("rte"), "{error}");
    let error = PlanArgs::from_toml("scheme = \"gold\"").expect_err("an error").to_string();
    assert!(error.contains("batch-settlement"), "{error}");
}

#[test]
fn thresholds_are_read_as_people_write_them() {
    for text in [
        "p99(total)>3s",
        "p99.9( to-block ) > 2500ms",
        "mean(sign)>1ms",
        "errors>1%",
        "rate<50",
        "not-started>0",
    ] {
        text.parse::<Threshold>().expect(text);
    }
    for text in
        ["p99(total)", "p101(total)>1s", "p99(totl)>1s", "max(total)>3", "sum(total)>3s", "rate<fast", ""]
    {
        assert!(text.parse::<Threshold>().is_err(), "{text}");
    }
    let errors: Threshold = "errors>1%".parse().expect("a threshold");
    assert!(errors.fails(0.011) && !errors.fails(0.01));
}

#[test]
fn a_ramp_starts_calls_closer_and_closer() {
    let ramp = Schedule::new(vec!["0..100:10s".parse().expect("a stage")]);
    let starts: Vec<_> = ramp.starts().collect();
    assert_eq!(starts.len(), 500);
    // n(t) = 5 t^2, so half of the calls start after 7.07 s.
    assert!((starts[250].as_secs_f64() - 50f64.sqrt()).abs() < 1e-6, "{:?}", starts[250]);
}

proptest! {
    #[test]
    fn a_schedule_is_in_order_and_has_as_many_calls_as_it_says(
        stages in prop::collection::vec((0.0..200.0f64, 0.5..200.0f64, 1u64..5000), 1..5)
    ) {
        let stage = |(from, to, millis)| Stage::new(from, to, Duration::from_millis(millis)).expect("a stage");
        let schedule = Schedule::new(stages.into_iter().map(stage).collect());
        let starts: Vec<_> = schedule.starts().collect();
        prop_assert_eq!(starts.len() as u64, schedule.calls());
        prop_assert!(starts.is_sorted());
        prop_assert!(starts.last().is_none_or(|last| *last <= schedule.duration() + Duration::from_millis(1)));
    }
}

#[test]
fn a_closed_loop_has_no_number_of_calls() {
    let args = PlanArgs { rate: None, closed: Some(4), ..url() };
    let plan = args.plan().expect("a plan");
    assert_eq!(plan.load, Load::Closed { customers: 4, duration: Duration::from_secs(1) });
    assert_eq!(plan.calls(), None);
}
