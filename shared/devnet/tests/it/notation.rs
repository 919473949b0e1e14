//! Faults as people write them.

use std::{num::NonZeroU32, time::Duration};

use devnet::{Fault, Faults, ParseFaultsError, Probability, Problem, Rule, Scope, When};
use proptest::{collection::vec, prelude::*};

fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0..100_000_u64).prop_map(Duration::from_millis),
        (0..100_000_u64).prop_map(Duration::from_secs)
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Drop),
        Just(Fault::DropAfter),
        time().prop_map(Fault::Delay),
        any::<u32>().prop_map(|retry_after| Fault::TooManyRequests { retry_after }),
        Just(Fault::BadGateway),
        Just(Fault::GatewayTimeout),
        Just(Fault::Garbage),
        any::<u64>().prop_map(|blocks| Fault::Stale { blocks }),
        time().prop_map(|patience| Fault::Swap { patience }),
        Just(Fault::Twice),
        Just(Fault::Retry),
        Just(Fault::Replay),
        time().prop_map(Fault::Gone),
    ]
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::Everything),
        "/[a-zA-Z0-9_/.@:(){}-]{0,20}".prop_map(Scope::Path),
        "[a-zA-Z][a-zA-Z0-9_]{0,20}".prop_map(Scope::Method),
    ]
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        (0.0..=1.0).prop_map(|p| When::Chance(Probability::new(p).unwrap())),
        any::<NonZeroU32>().prop_map(When::Every),
        any::<u32>().prop_map(When::Next),
    ]
}

fn faults() -> impl Strategy<Value = Faults> {
    let rule = (fault(), scope(), when()).prop_map(|(fault, scope, when)| Rule { fault, scope, when });
    (any::<u64>(), vec(rule, 0..6)).prop_map(|(seed, rules)| Faults { seed, rules })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(faults in faults()) {
        prop_assert_eq!(faults.to_string().parse::<Faults>(), Ok(faults));
    }

    /// Near misses and plain nonsense: never a panic, and the complaint names a part of what was written.
    #[test]
    fn whatever_is_written_is_read_or_refused(
        text in prop_oneof![any::<String>(), "[a-z0-9(),@=:./_ -]{0,40}", "(drop|429|gone|seed)[(@=][0-9a-z:.)]{0,9},?"],
    ) {
        match text.parse::<Faults>() {
            Ok(faults) => prop_assert_eq!(faults.to_string().parse::<Faults>(), Ok(faults)),
            Err(error) => prop_assert!(!error.item.is_empty() && text.contains(&error.item), "{}", error),
        }
    }
}

#[test]
fn what_is_left_out_has_a_default() {
    let faults: Faults = " 429, swap@eth_call ,drop@/settle=1,".parse().unwrap();
    let rule = |fault, scope| Rule { fault, scope, when: When::ALWAYS };
    let expected = [
        rule(Fault::TooManyRequests { retry_after: 1 }, Scope::Everything),
        rule(Fault::Swap { patience: Duration::from_secs(1) }, Scope::Method("eth_call".into())),
        rule(Fault::Drop, Scope::Path("/settle".into())),
    ];
    assert_eq!((faults.seed, faults.rules.as_slice()), (0, &expected[..]));
    assert_eq!("".parse(), Ok(Faults::default()));
}

#[test]
fn a_mistake_is_named_with_what_was_expected() {
    let cases = [
        ("drop=0.1,explode", "explode", Problem::Fault),
        ("delay(200ms", "delay(200ms", Problem::Fault),
        ("delay=0.1", "delay=0.1", Problem::Time),
        ("gone(2)", "gone(2)", Problem::Time),
        ("gone(-2s)", "gone(-2s)", Problem::Time),
        ("stale", "stale", Problem::Number),
        ("stale(two)", "stale(two)", Problem::Number),
        ("429(1.5)", "429(1.5)", Problem::Number),
        ("drop(3)", "drop(3)", Problem::Argument),
        ("drop@", "drop@", Problem::Scope),
        ("drop@eth-call", "drop@eth-call", Problem::Scope),
        ("drop=1.5", "drop=1.5", Problem::When),
        ("drop=NaN", "drop=NaN", Problem::When),
        ("drop=", "drop=", Problem::When),
        ("drop=every:0", "drop=every:0", Problem::When),
        ("drop=last:2", "drop=last:2", Problem::When),
        ("seed=-1", "seed=-1", Problem::Seed),
        ("seed=1,seed=2", "seed=2", Problem::SecondSeed),
    ];
    for (text, item, problem) in cases {
        let expected = ParseFaultsError { item: item.to_owned(), problem };
        assert_eq!(text.parse::<Faults>(), Err(expected), "{text}");
    }
    let words = "gone(2)".parse::<Faults>().unwrap_err().to_string();
    assert_eq!(words, "`gone(2)`: expected a time in parentheses, such as (200ms) or (2s)");
}
