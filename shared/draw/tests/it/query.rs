use draw::{Draw, DrawRequest, QueryError, RequestError, Source};

fn query(text: &str) -> Result<DrawRequest, QueryError> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    DrawRequest::from_query(pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))))
}

#[test]
fn each_short_form_asks_for_its_draw() {
    let cases = [
        ("", Draw::Bytes { count: 32 }),
        ("bytes=16", Draw::Bytes { count: 16 }),
        ("min=1&max=6", Draw::Integers { min: 1, max: 6, count: 1 }),
        ("count=5&max=6&min=1", Draw::Integers { min: 1, max: 6, count: 5 }),
        ("floats=3", Draw::Floats { count: 3 }),
        ("dice=2d6", Draw::Dice { count: 2, sides: 6 }),
        ("dice=d20", Draw::Dice { count: 1, sides: 20 }),
        ("shuffle=52", Draw::Shuffle { n: 52 }),
        ("sample=6/49", Draw::Sample { n: 49, k: 6 }),
        ("weights=1,2,3", Draw::Weighted { weights: vec![1, 2, 3], count: 1 }),
        ("weights=5&count=2", Draw::Weighted { weights: vec![5], count: 2 }),
        ("uuids=3", Draw::Uuids { count: 3 }),
        ("passwords=12&charset=01&count=2", Draw::Passwords { length: 12, charset: "01".into(), count: 2 }),
    ];
    for (text, draw) in cases {
        assert_eq!(query(text).unwrap(), DrawRequest::single(draw).unwrap(), "{text}");
    }
}

#[test]
fn seed_and_label_go_with_any_draw() {
    let request = query("label=round 12&clientSeed=mine").unwrap();
    let expected = DrawRequest::new(vec![Draw::DEFAULT], Some("mine".into()), Some("round 12".into()));
    assert_eq!(request, expected.unwrap());
}

#[test]
fn mode_and_epoch_go_with_any_draw() {
    let request = DrawRequest::from_query_string("mode=beacon&epoch=20000&label=round%2012").unwrap();
    assert_eq!(
        (request.mode(), request.epoch(), request.label()),
        (Source::Beacon, Some(20_000), Some("round 12"))
    );
    assert_eq!(query("mode=instant").unwrap(), query("").unwrap());
    assert!(matches!(query("mode=private"), Err(QueryError::Malformed { name: "mode", .. })));
}

#[test]
fn what_does_not_go_together_is_refused() {
    let unexpected = |text: &str, expected: &str| {
        assert!(matches!(query(text), Err(QueryError::Unexpected { name }) if name == expected), "{text}");
    };
    unexpected("roulette=1", "roulette");
    unexpected("bytes=1&dice=2d6", "dice");
    unexpected("dice=2d6&min=1&max=2", "max");
    unexpected("dice=2d6&count=3", "count");
    unexpected("count=3", "count");
    assert!(matches!(query("bytes=1&bytes=2"), Err(QueryError::Repeated { name }) if name == "bytes"));
    assert!(matches!(query("min=1"), Err(QueryError::Missing { name: "max" })));
    assert!(matches!(query("max=1"), Err(QueryError::Missing { name: "min" })));
}

#[test]
fn malformed_values_are_refused() {
    for text in [
        "bytes",
        "bytes=x",
        "bytes=-1",
        "bytes=01",
        "bytes=4294967296",
        "dice=6",
        "dice=2d",
        "dice=2d6d",
        "dice=2D6",
        "sample=6",
        "sample=6/",
        "sample=/49",
        "weights=",
        "weights=1,",
        "weights=1,,2",
        "weights=1.5",
        "min=a&max=2",
        "min=1&max=2&count=",
        "floats=1e3",
        "shuffle= 5",
        "uuids=+1",
    ] {
        assert!(matches!(query(text), Err(QueryError::Malformed { .. })), "{text}");
    }
}

#[test]
fn limits_hold_for_the_short_form_too() {
    assert!(matches!(query("bytes=0"), Err(QueryError::Request(RequestError::Draw { index: 0, .. }))));
    assert!(matches!(query("uuids=100001"), Err(QueryError::Request(RequestError::TooManyValues { .. }))));
}
