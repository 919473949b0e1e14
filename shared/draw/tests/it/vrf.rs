use curve25519_dalek::constants::EIGHT_TORSION;
use draw::{Proof, PublicKey, SecretKey, VrfError};
use proptest::prelude::*;

fn bytes<const N: usize>(digits: &str) -> [u8; N] {
    hex::decode(digits).unwrap().try_into().unwrap()
}

/// (seed, public key, alpha, pi, beta) of examples 16, 17 and 18 in RFC 9381 appendix B.3.
const RFC_9381: [[&str; 5]; 3] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
        "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3ed7f2fea45c92a465301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
        "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c362d8628ee9f9ea3c0e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
        "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c452118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f",
    ],
];

/// Encodings that decode to a point with lenient decoders, but are not the encoding of that point.
const NON_CANONICAL: [&str; 5] = [
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = p, for 0
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = p + 1, for 1
    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // y = p + 3, for 3: a point of large order
    "0100000000000000000000000000000000000000000000000000000000000080", // y = 1 and x = -0
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", // y = -1 and x = -0
];

/// y = 2 lies on no point of the curve.
const OFF_CURVE: &str = "0200000000000000000000000000000000000000000000000000000000000000";

fn example() -> (SecretKey, Proof) {
    let secret = SecretKey::from_seed(&[1; 32]);
    let (proof, _) = secret.prove(b"alpha").unwrap();
    (secret, proof)
}

#[test]
fn the_vectors_of_rfc_9381_hold() {
    for [seed, public_key, alpha, pi, beta] in RFC_9381 {
        let secret = SecretKey::from_seed(&bytes(seed));
        let alpha = hex::decode(alpha).unwrap();
        assert_eq!(hex::encode(secret.public_key().as_bytes()), public_key);

        let (proof, proven) = secret.prove(&alpha).unwrap();
        assert_eq!(hex::encode(proof.as_bytes()), pi);
        assert_eq!(hex::encode(proven.as_bytes()), beta);

        let key = PublicKey::from_bytes(bytes(public_key)).unwrap();
        assert_eq!(key.verify(&alpha, &Proof::from_bytes(bytes(pi))), Ok(proven));
    }
}

proptest! {
    #[test]
    fn what_is_proven_verifies(seed: [u8; 32], alpha: Vec<u8>) {
        let secret = SecretKey::from_seed(&seed);
        let (proof, beta) = secret.prove(&alpha).unwrap();
        let key = PublicKey::from_bytes(*secret.public_key().as_bytes()).unwrap();
        prop_assert_eq!(key.verify(&alpha, &proof), Ok(beta));
    }

    #[test]
    fn no_bytes_make_a_key_or_a_proof_panic(key: [u8; 32], alpha: Vec<u8>, proof in any::<[[u8; 16]; 5]>()) {
        let proof = Proof::from_bytes(proof.concat().try_into().unwrap());
        if let Ok(key) = PublicKey::from_bytes(key) {
            prop_assert!(key.verify(&alpha, &proof).is_err());
        }
    }
}

#[test]
fn a_proof_is_for_one_alpha_and_one_key() {
    let (secret, proof) = example();
    let other = SecretKey::from_seed(&[2; 32]);
    let refused = Err(VrfError::ChallengeMismatch);
    assert_eq!(secret.public_key().verify(b"Alpha", &proof), refused);
    assert_eq!(secret.public_key().verify(b"", &proof), refused);
    assert_eq!(other.public_key().verify(b"alpha", &proof), refused);
}

#[test]
fn every_flipped_bit_is_refused() {
    let (secret, proof) = example();
    for bit in 0..640 {
        let mut flipped = *proof.as_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let verified = secret.public_key().verify(b"alpha", &Proof::from_bytes(flipped));
        assert!(verified.is_err(), "bit {bit}");
    }
}

/// s + q proves what s proves, but it is another proof: without the check a draw would have two.
#[test]
fn s_plus_the_group_order_is_refused() {
    let order: [u8; 32] = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let (secret, proof) = example();
    let mut second = *proof.as_bytes();
    let mut carry = 0;
    for (byte, order) in second[48..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    assert_eq!(carry, 0);
    let verified = secret.public_key().verify(b"alpha", &Proof::from_bytes(second));
    assert_eq!(verified, Err(VrfError::UnreducedScalar));
}

#[test]
fn keys_of_small_order_are_refused() {
    for point in EIGHT_TORSION {
        let refused = PublicKey::from_bytes(point.compress().to_bytes());
        assert_eq!(refused, Err(VrfError::SmallOrderKey));
    }
}

#[test]
fn keys_that_are_no_canonical_point_are_refused() {
    for encoding in NON_CANONICAL.into_iter().chain([OFF_CURVE]) {
        assert_eq!(PublicKey::from_bytes(bytes(encoding)), Err(VrfError::InvalidKey), "{encoding}");
    }
}

#[test]
fn a_gamma_that_is_no_canonical_point_is_refused() {
    let (secret, proof) = example();
    for encoding in NON_CANONICAL.into_iter().chain([OFF_CURVE]) {
        let mut bad = *proof.as_bytes();
        bad[..32].copy_from_slice(&bytes::<32>(encoding));
        let verified = secret.public_key().verify(b"alpha", &Proof::from_bytes(bad));
        assert_eq!(verified, Err(VrfError::InvalidGamma), "{encoding}");
    }
}

/// RFC 9381 refuses keys of small order, not keys with a component of small order: their output is unique all the same.
/// This proof, made by an independent program, is refused where the challenge is negated modulo the group order.
#[test]
fn a_key_with_a_component_of_small_order_verifies_as_in_the_rfc() {
    let key = bytes("d0d31a3cb4bf59a067bce65dbb4e453eb75450b39b1f8a15bd2cce95fa47c958");
    let proof = bytes(
        "56671bdc9354d07d2d8f167fb5f986930a1e25e5f4c849ff8e50d23eb441e66d600c625fe4325c99377141d4dfc0b08746d19d4c5637f2ea5ccf0c15ca819ec0b6a7a6a25f9e5465ae5a75caa8485705",
    );
    let beta = PublicKey::from_bytes(key).unwrap().verify(b"alpha", &Proof::from_bytes(proof));
    assert_eq!(
        hex::encode(beta.unwrap().as_bytes()),
        "ba79d66f66078a566bc429e3fe665622f0c5d2757b5c483b0fa0de30c3db5ecbe28788d84d673cfb3da011c20879c6f85aa611f17a8b5d2e29ed81f1f03ae0bd"
    );
}

#[test]
fn a_secret_key_does_not_show_itself() {
    let secret = SecretKey::from_seed(&[1; 32]);
    let shown = format!("{secret:?}");
    assert_eq!(shown, format!("SecretKey {{ public: PublicKey({}), .. }}", secret.public_key()));
}
