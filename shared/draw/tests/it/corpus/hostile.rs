use draw::beacon::BeaconRound;
use draw::{Binding, Call, Draw, DrawReceipt, DrawRequest, LogSigner, Mode, Proof, SecretKey, Values};

use super::operator::{CALL, Operator, bound, case, every_operation, input, recorded_round};
use super::{Case, Named};

fn dice() -> DrawRequest {
    DrawRequest::single(Draw::Dice { count: 3, sides: 1000 }).unwrap()
}

/// The order of the group, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The same proof with s + q for s.
fn unreduced(proof: &Proof) -> Proof {
    let (mut bytes, mut carry) = (*proof.as_bytes(), 0);
    for (byte, order) in bytes[48..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    Proof::from_bytes(bytes)
}

pub(super) fn all(operator: &Operator) -> Vec<Case> {
    [of_the_draw(operator), of_the_binding(operator), of_the_log(operator), of_the_beacon(operator)]
        .into_iter()
        .flatten()
        .collect()
}

fn of_the_draw(operator: &Operator) -> Vec<Case> {
    let offered = operator.offered();
    let honest = || operator.logged([0xcc; 32], dice());
    let edited = |name: &str, verdict: &str, edit: &dyn Fn(&mut DrawReceipt)| {
        let mut receipt = honest();
        edit(&mut receipt);
        case(name, &offered, &receipt, verdict)
    };
    let unnamed = |name: &str, byte: &dyn Fn(usize) -> u8| {
        let public_key = std::array::from_fn(byte);
        case(name, &Named::default(), &DrawReceipt { public_key, ..honest() }, "key")
    };
    let other = Operator { secret: SecretKey::from_seed(&[8; 32]), ..Operator::new() };
    let mut named = honest();
    named.request = every_operation();
    named.request_hash = named.request.hash();
    named.epoch += 1;
    vec![
        case("wrong key", &offered, &other.logged([0xcc; 32], dice()), "key"),
        edited("small-order key", "key", &|receipt| {
            receipt.public_key = std::array::from_fn(|i| u8::from(i == 0));
        }),
        edited("key that is no point", "key", &|receipt| receipt.public_key = [0x02; 32]),
        unnamed("small-order key where none is known", &|i| u8::from(i == 0)),
        unnamed("no point where no key is known", &|_| 0x02),
        edited("key in a second spelling", "key", &|receipt| {
            receipt.public_key =
                std::array::from_fn(|i| [0xee, 0xff, 0x7f][usize::from(i > 0) + usize::from(i > 30)]);
        }),
        edited("s + q", "proof", &|receipt| receipt.proof = unreduced(&receipt.proof)),
        edited("gamma that is no point", "proof", &|receipt| {
            let mut bytes = *receipt.proof.as_bytes();
            bytes[..32].fill(0x02);
            receipt.proof = Proof::from_bytes(bytes);
        }),
        edited("challenge edited", "proof", &|receipt| {
            let mut bytes = *receipt.proof.as_bytes();
            bytes[40] ^= 1;
            receipt.proof = Proof::from_bytes(bytes);
        }),
        edited("swapped alpha: another nonce", "proof", &|receipt| receipt.nonce[31] ^= 1),
        edited("swapped alpha: another payer", "proof", &|receipt| receipt.payer = receipt.asset),
        edited("swapped alpha: another chain", "proof", &|receipt| receipt.chain_id = 8453),
        edited("edited value", "values", &|receipt| {
            let Values::Dice(faces) = &mut receipt.values[0] else { unreachable!() };
            faces[1] = faces[1] % 1000 + 1;
        }),
        edited("a value left out", "values", &|receipt| receipt.values = vec![Values::Dice(vec![])]),
        edited("another operation's values", "values", &|receipt| {
            receipt.values = vec![Values::Shuffle(vec![1, 2, 3])];
        }),
        edited("no values", "values", &|receipt| receipt.values.clear()),
        case("wrong expansion", &offered, &wrong_expansion(operator), "values"),
        edited("another request", "request", &|receipt| {
            receipt.request = DrawRequest::single(Draw::Dice { count: 3, sides: 999 }).unwrap();
        }),
        case("another epoch than asked for", &offered, &named, "request"),
    ]
}

/// The right bytes of the stream, reduced without rejection and from the wrong end.
fn wrong_expansion(operator: &Operator) -> DrawReceipt {
    let mut receipt = operator.logged([0xcc; 32], dice());
    let raw = DrawRequest::single(Draw::Bytes { count: 24 }).unwrap();
    let alpha = draw::Alpha::new(&receipt.input(), &receipt.request_hash);
    let beta = operator.secret.public_key().verify(alpha.as_bytes(), &receipt.proof).unwrap();
    let Values::Bytes(bytes) = draw::expand(&beta, &raw).remove(0) else { unreachable!() };
    let words = bytes.chunks(8).map(|word| u64::from_be_bytes(word.try_into().unwrap()));
    receipt.values = vec![Values::Dice(words.map(|word| (word % 1000) as u32 + 1).collect())];
    receipt
}

fn of_the_binding(operator: &Operator) -> Vec<Case> {
    let offered = operator.offered();
    let honest = || bound(operator, "GET", "/v1/random?dice=2d6", "");
    let edited = |name: &str, edit: &dyn Fn(&mut draw::Commitment)| {
        let mut receipt = honest();
        let Binding::Commit(commitment) = &mut receipt.binding else { unreachable!() };
        edit(commitment);
        case(name, &offered, &receipt, "binding")
    };
    let mut stripped = honest();
    stripped.binding = Binding::Plain;
    let asked_otherwise = bound(operator, "GET", "/v1/random?dice=2d6", "");
    let unnamed = DrawReceipt { binding: Binding::Plain, ..operator.by_channel(CALL, CALL) };
    let mut disguised = operator.logged([0xcc; 32], dice());
    disguised.binding = Binding::Channel(CALL);
    let mut other = operator.logged(asked_otherwise.nonce, dice());
    other.binding = asked_otherwise.binding;
    vec![
        case("binding stripped", &offered, &stripped, "binding"),
        edited("another salt", &|commitment| commitment.salt[0] ^= 1),
        edited("another preimage", &|commitment| {
            commitment.preimage = commitment.preimage.replace("2d6", "3d6");
        }),
        edited("another body", &|commitment| commitment.body = "{}".into()),
        case("another draw than paid for", &offered, &other, "binding"),
        case(
            "another call of the channel",
            &offered,
            &operator.by_channel(CALL, Call { base: 8_000, ..CALL }),
            "binding",
        ),
        case("a call that is not named", &offered, &unnamed, "binding"),
        case("an exact payment as a call", &offered, &disguised, "binding"),
    ]
}

fn of_the_log(operator: &Operator) -> Vec<Case> {
    let offered = operator.offered();
    let honest = || operator.logged([0xcc; 32], dice());
    let edited = |name: &str, verdict: &str, edit: &dyn Fn(&mut draw::LogRecord)| {
        let mut receipt = honest();
        edit(receipt.log.as_mut().unwrap());
        case(name, &offered, &receipt, verdict)
    };
    let unlogged = DrawReceipt::draw(&operator.secret, &input([0xcc; 32], Mode::Instant), dice()).unwrap();
    let stranger =
        Operator { signer: LogSigner::new("rng.example/log", &[1; 32]).unwrap(), ..Operator::new() };
    let mut late_key = operator.draw([0xcc; 32], Mode::Instant, dice());
    let leaf = late_key.leaf(&[0x33; 32]);
    operator.prove(&mut late_key, &[leaf, operator.key_leaf()], 1, 0, None);
    vec![
        case("no promise where a log is known", &offered, &unlogged, "unlogged"),
        case("another log", &offered, &stranger.logged([0xcc; 32], dice()), "log"),
        edited("another blind", "note", &|record| record.blind[0] ^= 1),
        edited("promise of another leaf", "note", &|record| {
            record.promise = operator.logged([0xdd; 32], dice()).log.unwrap().promise;
        }),
        edited("promise put off", "note", &|record| {
            record.promise = record.promise.replacen("169", "179", 1);
        }),
        edited("promise signed by a stranger", "note", &|record| {
            record.promise = stranger.logged([0xcc; 32], dice()).log.unwrap().promise;
        }),
        edited("forged inclusion: a hash", "inclusion", &|record| {
            record.proof.as_mut().unwrap().draw.path[1][0] ^= 1;
        }),
        edited("forged inclusion: a place", "inclusion", &|record| {
            record.proof.as_mut().unwrap().draw.index = 5;
        }),
        edited("forged inclusion: a longer path", "inclusion", &|record| {
            record.proof.as_mut().unwrap().draw.path.push([0; 32]);
        }),
        edited("forged inclusion: a place outside", "inclusion", &|record| {
            record.proof.as_mut().unwrap().draw.index = 11;
        }),
        edited("key not in the log", "inclusion", &|record| {
            record.proof.as_mut().unwrap().key_logged_at += 1;
        }),
        edited("forged checkpoint", "note", &|record| {
            let checkpoint = &mut record.proof.as_mut().unwrap().checkpoint;
            *checkpoint = checkpoint.replacen("\n11\n", "\n12\n", 1);
        }),
        case("key logged after the draw", &offered, &late_key, "order"),
        split_view(operator),
    ]
}

/// The operator signs two trees of the same size. Either is fine alone.
fn split_view(operator: &Operator) -> Case {
    let (shown, hidden) = (operator.logged([0xcc; 32], dice()), operator.logged([0xdd; 32], dice()));
    let checkpoint = Some(hidden.log.unwrap().proof.unwrap().checkpoint);
    case("split view", &Named { checkpoint, ..operator.offered() }, &shown, "split-view")
}

fn of_the_beacon(operator: &Operator) -> Vec<Case> {
    let (offered, round) = (operator.offered(), recorded_round());
    let mut signature = round.signature;
    signature[47] ^= 1;
    let forged = operator.by_beacon(BeaconRound { signature, ..round });
    let chosen = operator.by_beacon(BeaconRound { accepted_at: round.accepted_at - 3, ..round });
    let mut unaccepted = operator.by_beacon(round);
    unaccepted.log.as_mut().unwrap().proof.as_mut().unwrap().accept = None;
    let mut downgraded = operator.logged([0xcc; 32], dice());
    downgraded.request = operator.by_beacon(round).request;
    downgraded.request_hash = downgraded.request.hash();
    vec![
        Case { without_beacon: Some("ok".to_owned()), ..case("forged round", &offered, &forged, "beacon") },
        case("a round that was chosen", &offered, &chosen, "beacon"),
        case("no acceptance in the log", &offered, &unaccepted, "inclusion"),
        case("beacon asked for, instant drawn", &offered, &downgraded, "request"),
    ]
}
