use draw::beacon::{BeaconRound, DELAY, time_of};
use draw::receipt::log::{InclusionProof, Place};
use draw::tree::{Hash, empty_root, inclusion_path, node_hash};
use draw::{
    Binding, Call, Checkpoint, Commitment, Draw, DrawInput, DrawReceipt, DrawRequest, Leaf, LogRecord,
    LogSigner, Mode, Promise, Scheme, SecretKey, Source, Terms, hex_bytes, leaf,
};
use sha2::{Digest, Sha256};
use sha3::Keccak256;

use super::{Case, Named, NamedLog};

/// The day of the recorded round, and the moment at which a draw had to be accepted to get it.
pub(super) const ACCEPTED_AT: u64 = time_of_round() - DELAY;
pub(super) const EPOCH: u32 = (ACCEPTED_AT / 86_400) as u32;
const ROUND: u64 = 1000;
const SIGNATURE: &str = concat!("0x", include_str!("../../vectors/quicknet-1000.hex"));

const fn time_of_round() -> u64 {
    draw::beacon::GENESIS + (ROUND - 1) * draw::beacon::PERIOD
}

/// An operator with keys and a log, who makes receipts as asked, true and false ones.
pub(super) struct Operator {
    pub(super) secret: SecretKey,
    pub(super) signer: LogSigner,
}

impl Operator {
    pub(super) fn new() -> Self {
        assert_eq!(time_of(ROUND), time_of_round());
        let signer = LogSigner::new("rng.example/log", &[9; 32]).unwrap();
        Self { secret: SecretKey::from_seed(&[7; 32]), signer }
    }

    /// What a buyer knows from the offer.
    pub(super) fn offered(&self) -> Named {
        let log = NamedLog {
            origin: self.signer.public().name().to_owned(),
            public_key: hex_bytes::format(self.signer.public().as_bytes()),
        };
        Named { key: Some(self.secret.public_key().to_string()), log: Some(log), checkpoint: None }
    }

    pub(super) fn key_leaf(&self) -> Leaf {
        Leaf::Key {
            epoch: EPOCH,
            public_key: *self.secret.public_key().as_bytes(),
            time: ACCEPTED_AT - 90_000,
        }
    }

    /// A draw with its promise, for a payment with this nonce.
    pub(super) fn draw(&self, nonce: [u8; 32], mode: Mode, request: DrawRequest) -> DrawReceipt {
        let mut receipt = DrawReceipt::draw(&self.secret, &input(nonce, mode), request).unwrap();
        self.promise(&mut receipt);
        receipt
    }

    pub(super) fn promise(&self, receipt: &mut DrawReceipt) {
        let blind = [0x33; 32];
        let promise = Promise { leaf: receipt.leaf(&blind).hash(), include_by: ACCEPTED_AT + 600 };
        receipt.log = Some(LogRecord {
            origin: self.signer.public().name().to_owned(),
            public_key: *self.signer.public().as_bytes(),
            blind,
            promise: promise.sign(&self.signer),
            proof: None,
        });
    }

    /// Adds the proof that the draw is entry `index` of a log with these entries, of which `key` is the key's.
    pub(super) fn prove(
        &self,
        receipt: &mut DrawReceipt,
        entries: &[Leaf],
        key: u64,
        index: u64,
        accept: Option<u64>,
    ) {
        let leaves: Vec<Hash> = entries.iter().map(Leaf::hash).collect();
        let checkpoint = Checkpoint { size: leaves.len() as u64, root: root(&leaves) };
        let record = receipt.log.as_mut().unwrap();
        record.proof = Some(InclusionProof {
            checkpoint: checkpoint.sign(&self.signer),
            draw: place(&leaves, index),
            key: place(&leaves, key),
            key_logged_at: ACCEPTED_AT - 90_000,
            accept: accept.map(|index| place(&leaves, index)),
        });
    }

    /// A draw in a log of some entries.
    pub(super) fn logged(&self, nonce: [u8; 32], request: DrawRequest) -> DrawReceipt {
        let mut receipt = self.draw(nonce, Mode::Instant, request);
        let entries = self.log_with(receipt.leaf(&[0x33; 32]));
        self.prove(&mut receipt, &entries, 0, 6, None);
        receipt
    }

    /// Eleven entries: the key first, this one seventh.
    pub(super) fn log_with(&self, leaf: Leaf) -> Vec<Leaf> {
        let void = |number| Leaf::Void { accept_hash: [number; 32], time: ACCEPTED_AT };
        let mut entries = vec![self.key_leaf()];
        entries.extend((1..6).map(void));
        entries.push(leaf);
        entries.extend((7..11).map(void));
        entries
    }

    /// A draw that was paid from a channel, for the nonce of `named`, shown as the call `shown`.
    pub(super) fn by_channel(&self, named: Call, shown: Call) -> DrawReceipt {
        let request = DrawRequest::single(Draw::Dice { count: 3, sides: 1000 }).unwrap();
        let input = DrawInput { scheme: Scheme::Channel, ..input(named.nonce(), Mode::Instant) };
        let mut receipt = DrawReceipt::draw(&self.secret, &input, request).unwrap();
        receipt.binding = Binding::Channel(shown);
        receipt
    }

    /// A draw by the beacon, accepted before.
    pub(super) fn by_beacon(&self, beacon: BeaconRound) -> DrawReceipt {
        let terms = Terms { mode: Source::Beacon, label: Some("lottery".into()), ..Terms::default() };
        let request = DrawRequest::on(vec![Draw::Sample { n: 49, k: 6 }], terms).unwrap();
        let mut receipt = self.draw([0xcc; 32], Mode::Beacon(beacon), request);
        let mut entries = self.log_with(receipt.leaf(&[0x33; 32]));
        entries[3] = self.accept_leaf(&receipt);
        self.prove(&mut receipt, &entries, 0, 6, Some(3));
        receipt
    }

    /// The entry that accepts a draw by the beacon.
    pub(super) fn accept_leaf(&self, receipt: &DrawReceipt) -> Leaf {
        let Mode::Beacon(BeaconRound { round, accepted_at: time, .. }) = receipt.mode else { unreachable!() };
        let accept_hash = leaf::accept_hash(&draw::Alpha::new(&receipt.input(), &receipt.request_hash));
        let context = leaf::Context::new(&receipt.payer, receipt.request.label());
        Leaf::Accept { epoch: EPOCH, context, accept_hash, round, time }
    }
}

pub(super) fn recorded_round() -> BeaconRound {
    BeaconRound { round: ROUND, signature: hex_bytes::parse(SIGNATURE).unwrap(), accepted_at: ACCEPTED_AT }
}

pub(super) fn input(nonce: [u8; 32], mode: Mode) -> DrawInput {
    DrawInput {
        epoch: EPOCH,
        scheme: Scheme::Exact,
        chain_id: 84532,
        asset: [0xaa; 20],
        payer: [0xbb; 20],
        nonce,
        mode,
    }
}

pub(super) fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&root(left), &root(right))
        }
    }
}

fn place(leaves: &[Hash], index: u64) -> Place {
    let path = inclusion_path(index, leaves.len() as u64);
    let hash = |range: std::ops::Range<u64>| root(&leaves[range.start as usize..range.end as usize]);
    Place { index, path: path.into_iter().map(hash).collect() }
}

/// A payment that is bound to an HTTP request.
pub(super) fn bind(method: &str, target: &str, body: &str) -> (Commitment, [u8; 32]) {
    let hash = hex::encode(Sha256::digest(body));
    let preimage = format!("x402-req/v1\n{method}\nhttps://rng.example\n{target}\n{hash}\n\n*/*");
    let salt = [0x5a; 32];
    let digest = Keccak256::new_with_prefix(b"x402-bind/v1")
        .chain_update(Sha256::digest(&preimage))
        .chain_update(salt);
    let nonce = [b"x4b1".as_slice(), &digest.finalize()[..28]].concat().try_into().unwrap();
    (Commitment { preimage, body: body.to_owned(), salt }, nonce)
}

pub(super) fn every_operation() -> DrawRequest {
    let draws = vec![
        Draw::Bytes { count: 37 },
        Draw::Integers { min: 1, max: 100, count: 5 },
        Draw::Integers { min: 0, max: u64::MAX, count: 2 },
        Draw::Integers { min: 5, max: (1 << 63) + 5, count: 4 },
        Draw::Floats { count: 3 },
        Draw::Dice { count: 5, sides: 6 },
        Draw::Shuffle { n: 10 },
        Draw::Sample { n: u32::MAX, k: 3 },
        Draw::Weighted { weights: vec![1, 0, 2, 3], count: 6 },
        Draw::Uuids { count: 2 },
        Draw::Passwords { length: 12, charset: "abc-\"\\~ 09".into(), count: 2 },
    ];
    let terms = Terms {
        client_seed: Some("my own \"entropy\"\n\u{1}\u{7f}".into()),
        label: Some("r\u{f6}und 12".into()),
        epoch: Some(EPOCH),
        mode: Source::Instant,
    };
    DrawRequest::on(draws, terms).unwrap()
}

pub(super) fn case(name: &str, trust: &Named, receipt: &DrawReceipt, verdict: &str) -> Case {
    Case {
        name: name.to_owned(),
        trust: trust.clone(),
        receipt: serde_json::to_value(receipt).unwrap(),
        verdict: verdict.to_owned(),
        without_beacon: None,
    }
}

/// A call of a channel.
pub(super) const CALL: Call = Call { channel_id: [0xc4; 32], base: 7_000 };

pub(super) fn bound(operator: &Operator, method: &str, target: &str, body: &str) -> DrawReceipt {
    let (commitment, nonce) = bind(method, target, body);
    let request = match method {
        "POST" => DrawRequest::from_json(body.as_bytes()).unwrap(),
        _ => DrawRequest::from_query_string(target.split_once('?').map_or("", |(_, query)| query)).unwrap(),
    };
    let mut receipt = operator.logged(nonce, request);
    receipt.binding = Binding::Commit(commitment);
    receipt
}

pub(super) fn good(operator: &Operator) -> Vec<Case> {
    let offered = operator.offered();
    let every = operator.logged([0xcc; 32], every_operation());
    let promised = operator.draw([0xcd; 32], Mode::Instant, every_operation());
    let dice = DrawRequest::single(Draw::Dice { count: 3, sides: 1000 }).unwrap();
    let unlogged =
        DrawReceipt::draw(&operator.secret, &input([0xce; 32], Mode::Instant), dice.clone()).unwrap();
    let mut first = operator.draw([0xcf; 32], Mode::Instant, dice);
    let leaf = first.leaf(&[0x33; 32]);
    operator.prove(&mut first, &[operator.key_leaf(), leaf], 0, 1, None);
    let known = Named {
        checkpoint: Some(first.log.as_ref().unwrap().proof.as_ref().unwrap().checkpoint.clone()),
        ..offered.clone()
    };
    let body = r#"{"draws":[{"op":"weighted","weights":[3,"4"]},{"op":"bytes"}],"label":"r\u00f6und"}"#;
    let unlogged_offer = Named { log: None, ..offered.clone() };
    vec![
        case("every operation, logged", &offered, &every, "ok"),
        case("every operation, promised", &offered, &promised, "ok"),
        case("nothing known beforehand", &Named::default(), &every, "ok"),
        case("without a log", &unlogged_offer, &unlogged, "ok"),
        case("right after the key", &offered, &first, "ok"),
        case("with its own checkpoint known", &known, &first, "ok"),
        case(
            "bound, by query",
            &offered,
            &bound(operator, "GET", "/v1/random?dice=2d6&label=round%2012+b", ""),
            "ok",
        ),
        case("bound, by body", &offered, &bound(operator, "POST", "/v1/random", body), "ok"),
        case("bound, without parameters", &offered, &bound(operator, "GET", "/v1/random", ""), "ok"),
        case("by the beacon", &offered, &operator.by_beacon(recorded_round()), "ok"),
        case("from a channel", &unlogged_offer, &operator.by_channel(CALL, CALL), "ok"),
    ]
}
