use draw::beacon::{BeaconError, BeaconRound, DELAY, round_for, time_of, verify};
use draw::hex_bytes;

/// Rounds that quicknet published.
const RECORDED: [(u64, &str); 2] = [
    (
        123,
        "0xb75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482e26cd02df835d3546d23c4b13e0dfc92",
    ),
    (1000, concat!("0x", include_str!("../vectors/quicknet-1000.hex"))),
];

fn recorded() -> [(u64, [u8; 48]); 2] {
    RECORDED.map(|(round, signature)| (round, hex_bytes::parse(signature).unwrap()))
}

#[test]
fn published_rounds_verify_and_no_others() {
    let [(first, signature), (second, other)] = recorded();
    assert_eq!((verify(first, &signature), verify(second, &other)), (Ok(()), Ok(())));
    assert_eq!(verify(first + 1, &signature), Err(BeaconError::Signature { round: first + 1 }));
    assert!(verify(first, &other).is_err());
    for at in [0, 20, 47] {
        let mut edited = signature;
        edited[at] ^= 1;
        assert!(verify(first, &edited).is_err(), "byte {at}");
    }
    let mut identity = [0; 48];
    identity[0] = 0xc0;
    assert!(verify(first, &identity).is_err());
}

#[test]
fn the_round_is_the_first_that_is_late_enough() {
    for accepted in [1_692_803_000, time_of(1000), time_of(1000) + 1, time_of(1000) + 2] {
        let round = round_for(accepted);
        assert!(time_of(round) >= accepted + DELAY);
        assert!(round == 1 || time_of(round - 1) < accepted + DELAY);
    }
    assert_eq!(round_for(time_of(1000) - DELAY), 1000);
    let _ = (round_for(u64::MAX), time_of(u64::MAX));
}

#[test]
fn a_round_that_the_operator_liked_better_is_refused() {
    let [_, (round, signature)] = recorded();
    let with = |accepted_at| BeaconRound { round, signature, accepted_at }.verify();
    assert_eq!(with(time_of(1000) - DELAY), Ok(()));
    assert_eq!(with(time_of(1000) - DELAY - 3), Err(BeaconError::OtherRound { stated: 1000, due: 999 }));
    assert_eq!(with(time_of(1000)), Err(BeaconError::OtherRound { stated: 1000, due: 1002 }));
}
