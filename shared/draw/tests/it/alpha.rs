use draw::{Alpha, Draw, DrawInput, DrawRequest, Scheme};

use crate::input;

#[test]
fn alpha_has_the_documented_layout() {
    let request = DrawRequest::single(Draw::DEFAULT).unwrap().hash();
    let expected = [
        "726e672f7631",                   // rng/v1
        "00004e20",                       // epoch 20,000
        "01",                             // exact
        "0000000000014a34",               // chain id 84532
        &"aa".repeat(20),                 // asset
        &"bb".repeat(20),                 // payer
        &"cc".repeat(32),                 // nonce
        &hex::encode(request.as_bytes()), // request hash
        "00",                             // instant
        "0000000000000000",               // no beacon round
        &"00".repeat(48),                 // no beacon signature
    ];
    assert_eq!(hex::encode(Alpha::new(&input(), &request).as_bytes()), expected.concat());
}

#[test]
fn no_two_inputs_share_an_alpha() {
    let request = DrawRequest::single(Draw::DEFAULT).unwrap().hash();
    let other_request = DrawRequest::single(Draw::Bytes { count: 31 }).unwrap().hash();
    let one = input();
    let alphas = [
        Alpha::new(&one, &request),
        Alpha::new(&one, &other_request),
        Alpha::new(&DrawInput { epoch: 20_001, ..one }, &request),
        Alpha::new(&DrawInput { scheme: Scheme::Channel, ..one }, &request),
        Alpha::new(&DrawInput { chain_id: 8453, ..one }, &request),
        Alpha::new(&DrawInput { asset: [0xbb; 20], ..one }, &request),
        Alpha::new(&DrawInput { payer: [0xaa; 20], ..one }, &request),
        Alpha::new(&DrawInput { nonce: [0; 32], ..one }, &request),
    ];
    for (i, alpha) in alphas.iter().enumerate() {
        assert!(!alphas[..i].contains(alpha), "alpha {i}");
    }
}
