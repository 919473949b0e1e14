//! The verifiable random function on one core, beside another crate of it and beside the curve alone.

use std::{hint::black_box, time::Instant};

use anyhow::{Context, ensure};
use curve25519_dalek::{EdwardsPoint, Scalar, edwards::CompressedEdwardsY, traits::VartimeMultiscalarMul};
use draw::{Proof, SecretKey};
use vrf_rfc9381::{
    Ciphersuite, Proof as _, Prover as _, VRF as _, Verifier as _,
    ec::edwards25519::{EdVrfProof, tai},
};

use crate::{
    data::{Row, Table},
    section::Bench,
};

const SEED: [u8; 32] = [7; 32];
/// Inputs of each round, all different.
const INPUTS: u32 = 2_000;
const CRATE: &str = "vrf-rfc9381 0.0.7";
const BARE: &str = "curve25519-dalek, the same operations alone";

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Table> {
    let inputs: Vec<[u8; 32]> = (0..INPUTS).map(input).collect();
    let (ours, theirs) = (SecretKey::from_seed(&SEED), tai::EdVrfEdwards25519TaiSecretKey::from_slice(&SEED));
    let theirs = theirs.ok().context("a key")?;
    let (key, verifier) = (*ours.public_key(), theirs.verifier());
    let proofs: Vec<[u8; 80]> =
        inputs.iter().map(|alpha| Ok(*ours.prove(alpha)?.0.as_bytes())).collect::<anyhow::Result<_>>()?;
    let cases: Vec<_> = inputs.iter().zip(&proofs).collect();
    let by_theirs = |(alpha, proof): &(&[u8; 32], &[u8; 80])| {
        EdVrfProof::decode_pi(&proof[..]).is_ok_and(|proof| verifier.verify(&alpha[..], proof).is_ok())
    };
    let by_ours =
        |(alpha, proof): &(&[u8; 32], &[u8; 80])| key.verify(&alpha[..], &Proof::from_bytes(**proof)).is_ok();
    ensure!(cases.iter().all(|case| by_ours(case) && by_theirs(case)), "both accept every proof");
    let same = theirs.prove(&inputs[0]).ok().context("a proof")?.encode_to_pi();
    ensure!(same == proofs[0], "both prove the same");
    ensure!(tai::EdVrfEdwards25519Tai.ciphersuite() == Ciphersuite::ECVRF_EDWARDS25519_SHA512_TAI);

    let bare = Bare::new().context("a point")?;
    let (mut prove, mut verify) = (<[Vec<f64>; 3]>::default(), <[Vec<f64>; 3]>::default());
    for _ in 0..bench.rounds {
        prove[0].push(per_second(&inputs, |alpha| ours.prove(alpha).is_ok()));
        prove[1].push(per_second(&inputs, |alpha| theirs.prove(alpha).is_ok()));
        prove[2].push(per_second(&inputs, |_| bare.prove()));
        verify[0].push(per_second(&cases, by_ours));
        verify[1].push(per_second(&cases, by_theirs));
        verify[2].push(per_second(&cases, |_| bare.verify()));
    }
    let rows = |what, [ours, theirs, bare]: &[Vec<f64>; 3]| {
        let row = |peer, figures: &[f64]| Row::new(what, "per second", ours).beside(peer, figures);
        [row(CRATE, theirs), row(BARE, bare).goal("at least 0.83")]
    };
    let rows = rows("VRF proofs", &prove).into_iter().chain(rows("VRF verifications", &verify));
    Ok(Table::new("On one core", rows))
}

fn input(number: u32) -> [u8; 32] {
    let mut alpha = [0; 32];
    alpha[..4].copy_from_slice(&number.to_be_bytes());
    alpha
}

fn per_second<T>(items: &[T], work: impl Fn(&T) -> bool) -> f64 {
    let began = Instant::now();
    for item in items {
        black_box(work(black_box(item)));
    }
    items.len() as f64 / began.elapsed().as_secs_f64()
}

/// The operations on the curve that RFC 9381 takes, without hashing: a point is met at the second of two tries, as on
/// average, and each point that is hashed is encoded once.
struct Bare {
    point: EdwardsPoint,
    encoded: CompressedEdwardsY,
    no_point: CompressedEdwardsY,
    scalars: [Scalar; 2],
}

impl Bare {
    fn new() -> Option<Self> {
        let scalar = |byte| Scalar::from_bytes_mod_order([byte; 32]);
        let point = EdwardsPoint::mul_base(&scalar(5));
        let tries = (0..=u8::MAX).map(|byte| CompressedEdwardsY([byte; 32]));
        let no_point = tries.into_iter().find(|encoded| encoded.decompress().is_none())?;
        Some(Self { point, encoded: point.compress(), no_point, scalars: [scalar(91), scalar(113)] })
    }

    fn hash_to_curve(&self) -> Option<EdwardsPoint> {
        black_box(black_box(&self.no_point).decompress());
        Some(black_box(&self.encoded).decompress()?.mul_by_cofactor())
    }

    fn prove(&self) -> bool {
        let [secret, nonce] = black_box(&self.scalars);
        let Some(h) = self.hash_to_curve() else { return false };
        let gamma = h * secret;
        let points = [h, gamma, EdwardsPoint::mul_base(nonce), h * nonce, gamma.mul_by_cofactor()];
        encode(&points)
    }

    fn verify(&self) -> bool {
        let [c, s] = black_box(&self.scalars);
        let Some(gamma) = black_box(&self.encoded).decompress() else { return false };
        let Some(h) = self.hash_to_curve() else { return false };
        let u = EdwardsPoint::vartime_double_scalar_mul_basepoint(c, &-self.point, s);
        let v = EdwardsPoint::vartime_multiscalar_mul([s, c], [h, -gamma]);
        encode(&[h, u, v, gamma.mul_by_cofactor()])
    }
}

fn encode(points: &[EdwardsPoint]) -> bool {
    points.iter().all(|point| black_box(point.compress()).as_bytes().len() == 32)
}
