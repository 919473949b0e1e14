use draw::request::limits::{MAX_BYTES, MAX_DRAWS, MAX_REQUEST_JSON, MAX_TEXT, MAX_VALUES, MAX_WEIGHTS};
use draw::{Draw, DrawError, DrawRequest, RequestError};
use proptest::prelude::*;

use crate::any_draw;

fn parse(json: &str) -> Result<DrawRequest, RequestError> {
    DrawRequest::from_json(json.as_bytes())
}

fn canonical(json: &str) -> String {
    parse(json).unwrap().canonical_json().to_owned()
}

fn refused(draw: Draw) -> DrawError {
    match DrawRequest::new(vec![Draw::DEFAULT, draw], None, None) {
        Err(RequestError::Draw { index: 1, source }) => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn canonical_json_fills_in_defaults_and_sorts_members() {
    let cases = [
        (r#"{"op":"bytes"}"#, r#"{"count":"32","op":"bytes"}"#),
        (
            r#"{"op":"integers", "min":1, "max":18446744073709551615}"#,
            r#"{"count":"1","max":"18446744073709551615","min":"1","op":"integers"}"#,
        ),
        (r#"{"op":"floats"}"#, r#"{"count":"1","op":"floats"}"#),
        (r#"{"sides":6,"op":"dice"}"#, r#"{"count":"1","op":"dice","sides":"6"}"#),
        (r#"{"op":"shuffle","n":"52"}"#, r#"{"n":"52","op":"shuffle"}"#),
        (r#"{"op":"sample","n":49,"k":6}"#, r#"{"k":"6","n":"49","op":"sample"}"#),
        (
            r#"{"op":"weighted","weights":[1,"2",0]}"#,
            r#"{"count":"1","op":"weighted","weights":["1","2","0"]}"#,
        ),
        (r#"{"op":"uuids","count":"3"}"#, r#"{"count":"3","op":"uuids"}"#),
    ];
    for (draw, expected) in cases {
        let request = format!(r#"{{"label":null,"draws":[{draw}]}}"#);
        assert_eq!(canonical(&request), format!(r#"{{"draws":[{expected}]}}"#));
    }
}

/// RFC 8785 section 3.2.2.2: short escapes, lower-case \u00xx for other controls, everything else as it is.
#[test]
fn canonical_json_escapes_text_as_jcs_does() {
    let request = r#"{"label":"\u0008\u0009\u000a\u000c\u000d\u000F\u001f\"\\\/\u007f\u00e9\u2028\ud83c\udfb2",
        "draws":[{"op":"bytes"}],"clientSeed":"s"}"#;
    let expected = "{\"clientSeed\":\"s\",\"draws\":[{\"count\":\"32\",\"op\":\"bytes\"}],\
        \"label\":\"\\b\\t\\n\\f\\r\\u000f\\u001f\\\"\\\\/\u{7f}\u{e9}\u{2028}\u{1f3b2}\"}";
    assert_eq!(canonical(request), expected);
}

#[test]
fn the_hash_is_sha_256_of_the_canonical_json() {
    // printf '{"draws":[{"count":"2","op":"dice","sides":"6"}]}' | sha256sum
    let request = parse(r#"{"draws":[{"op":"dice","count":2,"sides":6}]}"#).unwrap();
    assert_eq!(
        request.hash().to_string(),
        "0x6cfdff47794db87ba9a5ffe6df823c452fed1204bd58949e748cb406892f5f45"
    );
}

proptest! {
    #[test]
    fn canonical_json_reads_back_as_the_same_request(
        draws in prop::collection::vec(any_draw(), 1..8),
        client_seed in prop::option::of(".{1,30}"),
        label in prop::option::of(".{1,30}"),
    ) {
        let request = DrawRequest::new(draws, client_seed, label).unwrap();
        let read = parse(request.canonical_json()).unwrap();
        prop_assert_eq!(read.canonical_json(), request.canonical_json());
        prop_assert_eq!(&read, &request);
        let json = serde_json::to_vec(&request).unwrap();
        prop_assert_eq!(DrawRequest::from_json(&json).unwrap(), request);
    }
}

#[test]
fn only_plain_integers_are_integers() {
    for count in ["1.0", "1e2", "-1", "18446744073709551616", "4294967296", "true", "null", "[1]"]
        .into_iter()
        .chain([r#""01""#, r#""+1""#, r#"" 1""#, r#""""#, r#""0x1""#, r#""-1""#, r#""4294967296""#])
    {
        let request = format!(r#"{{"draws":[{{"op":"floats","count":{count}}}]}}"#);
        assert!(matches!(parse(&request), Err(RequestError::Json(_))), "{count}");
    }
}

#[test]
fn unknown_duplicate_and_missing_members_are_refused() {
    for request in [
        r#"{}"#,
        r#"[]"#,
        r#"{"draws":[{"op":"roulette"}]}"#,
        r#"{"draws":[{"count":1}]}"#,
        r#"{"draws":[{"op":"dice"}]}"#,
        r#"{"draws":[{"op":"bytes"}],"seed":"s"}"#,
        r#"{"draws":[{"op":"bytes","sides":6}]}"#,
        r#"{"draws":[{"op":"bytes"}],"draws":[{"op":"bytes"}]}"#,
        r#"{"draws":[{"op":"bytes","count":1,"count":2}]}"#,
        r#"{"draws":[{"op":"bytes","op":"floats"}]}"#,
        r#"{"draws":[{"op":"bytes"}],"label":"a","label":"b"}"#,
        r#"{"draws":[{"op":"bytes"}],"label":"\ud800"}"#,
        r#"{"draws":[{"op":"bytes"}]} {}"#,
    ] {
        assert!(matches!(parse(request), Err(RequestError::Json(_))), "{request}");
    }
}

#[test]
fn a_request_over_a_limit_is_refused() {
    let bytes = |count| Draw::Bytes { count };
    let many = |draw: Draw, times| DrawRequest::new(vec![draw; times], None, None);

    assert!(matches!(many(Draw::DEFAULT, 0), Err(RequestError::NoDraws)));
    assert!(many(Draw::DEFAULT, MAX_DRAWS).is_ok());
    assert!(matches!(many(Draw::DEFAULT, MAX_DRAWS + 1), Err(RequestError::TooManyDraws { count: 65 })));

    assert!(many(bytes(1 << 19), 2).is_ok());
    let over = many(bytes((1 << 19) + 1), 2);
    assert!(matches!(over, Err(RequestError::TooManyBytes { count }) if count == MAX_BYTES + 2));

    assert!(many(Draw::Shuffle { n: 50_000 }, 2).is_ok());
    let over = many(Draw::Sample { n: u32::MAX, k: 50_001 }, 2);
    assert!(matches!(over, Err(RequestError::TooManyValues { count }) if count == MAX_VALUES + 2));

    let weighted = |len| Draw::Weighted { weights: vec![1; len], count: 1 };
    assert!(many(weighted(MAX_WEIGHTS / 2), 2).is_ok());
    let over = many(weighted(MAX_WEIGHTS / 2 + 1), 2);
    assert!(matches!(over, Err(RequestError::TooManyWeights { count }) if count == MAX_WEIGHTS + 2));
}

#[test]
fn text_is_bounded_in_bytes() {
    let with = |seed: &str, label: &str| {
        DrawRequest::new(vec![Draw::DEFAULT], Some(seed.to_owned()), Some(label.to_owned()))
    };
    let longest = "\u{e9}".repeat(MAX_TEXT / 2);
    assert!(with(&longest, &longest).is_ok());
    let too_long = with("s", &(longest + "l"));
    assert!(matches!(too_long, Err(RequestError::TextLength { member: "label", size: 129 })));
    assert!(matches!(with("", "l"), Err(RequestError::TextLength { member: "clientSeed", size: 0 })));

    let json = vec![b' '; MAX_REQUEST_JSON + 1];
    assert!(matches!(DrawRequest::from_json(&json), Err(RequestError::TooLong { .. })));
}

#[test]
fn impossible_draws_are_refused() {
    let weighted = |weights: &[u64]| Draw::Weighted { weights: weights.to_vec(), count: 1 };
    assert_eq!(refused(Draw::Bytes { count: 0 }), DrawError::Nothing);
    assert_eq!(refused(Draw::Shuffle { n: 0 }), DrawError::Nothing);
    assert_eq!(refused(Draw::Sample { n: 5, k: 0 }), DrawError::Nothing);
    assert_eq!(
        refused(Draw::Integers { min: 2, max: 1, count: 1 }),
        DrawError::EmptyRange { min: 2, max: 1 }
    );
    assert_eq!(refused(Draw::Dice { count: 1, sides: 0 }), DrawError::NoSides);
    assert_eq!(refused(Draw::Sample { n: 5, k: 6 }), DrawError::SampleTooLarge { k: 6, n: 5 });
    assert_eq!(refused(weighted(&[])), DrawError::SumOfWeights);
    assert_eq!(refused(weighted(&[0, 0])), DrawError::SumOfWeights);
    assert_eq!(refused(weighted(&[u64::MAX, 1])), DrawError::SumOfWeights);
}
