//! The random stream of one draw, and uniform integers from it.

use hkdf::HmacImpl;
use hkdf::hmac::Hmac;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sha2::Sha512;

use crate::Beta;

/// The ChaCha20 keystream of RFC 8439 with nonce 0 and counter from 0, read as 8-byte little-endian words.
///
/// The nonce and the low half of the generator's 64-bit counter make up the same block as in the RFC until 256 GiB
/// are drawn, far above any request.
pub(crate) struct Stream(ChaCha20Rng);

impl Stream {
    /// The stream of the draw with this index.
    pub(crate) fn new(beta: &Beta, index: u32) -> Self {
        Self::from_key(key(beta, index))
    }

    fn from_key(key: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(key))
    }

    /// The next bytes of the keystream. Whole words are consumed: up to 7 bytes after the last one are skipped.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.word().to_le_bytes()[..chunk.len()]);
        }
    }

    /// The next word.
    pub(crate) fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform from 0 to `last` inclusive: `uniform(n)` of [`expand`](crate::expand()) with n = `last` + 1, which
    /// may be 2^64.
    ///
    /// The topmost 2^64 mod n words are drawn again: what is left is a whole number of times n.
    pub(crate) fn up_to(&mut self, last: u64) -> u64 {
        let Some(n) = last.checked_add(1) else { return self.word() };
        let excess = n.wrapping_neg() % n;
        loop {
            let word = self.word();
            if word <= u64::MAX - excess {
                return word % n;
            }
        }
    }
}

/// HKDF-SHA512 (RFC 5869) of beta: no salt, info `rng/v1/stream` and the index in 4 big-endian bytes, 32 bytes out.
///
/// So short an output is the head of HKDF's first block, spelled out here: there is no length to get wrong.
fn key(beta: &Beta, index: u32) -> [u8; 32] {
    let pseudorandom_key = hmac(&[0; 64], &[beta.as_bytes()]);
    let block = hmac(&pseudorandom_key, &[b"rng/v1/stream", &index.to_be_bytes(), &[1]]);
    let mut key = [0; 32];
    key.copy_from_slice(&block[..32]);
    key
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 64] {
    let mut mac = <Hmac<Sha512> as HmacImpl>::new_from_slice(key);
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;
    use hkdf::Hkdf;

    fn keystream(key: [u8; 32], blocks: usize) -> Vec<u8> {
        let mut bytes = vec![0; blocks * 64];
        Stream::from_key(key).fill(&mut bytes);
        bytes
    }

    /// RFC 8439 appendix A.1, test vectors 1 to 4: those with nonce 0.
    #[test]
    fn the_stream_is_the_keystream_of_rfc_8439() {
        let mut last_bit = [0; 32];
        last_bit[31] = 1;
        let mut second_byte = [0; 32];
        second_byte[1] = 0xff;
        let vectors = [
            (
                [0; 32],
                0,
                "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
            ),
            (
                [0; 32],
                1,
                "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
            ),
            (
                last_bit,
                1,
                "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
            ),
            (
                second_byte,
                2,
                "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096",
            ),
        ];
        for (key, counter, expected) in vectors {
            let block = &keystream(key, counter + 1)[counter * 64..];
            assert_eq!(hex::encode(block), expected, "counter {counter}");
        }
    }

    #[test]
    fn a_word_is_eight_bytes_of_the_keystream_in_little_endian() {
        assert_eq!(
            Stream::from_key([0; 32]).word(),
            u64::from_le_bytes(*b"\x76\xb8\xe0\xad\xa0\xf1\x3d\x90")
        );
    }

    #[test]
    fn the_key_is_that_of_hkdf() {
        let (_, beta) = SecretKey::from_seed(&[3; 32]).prove(b"any").unwrap();
        let mut expected = [0; 32];
        let hkdf = Hkdf::<Sha512>::new(None, beta.as_bytes());
        hkdf.expand(b"rng/v1/stream\x00\x00\x01\x02", &mut expected).unwrap();
        assert_eq!(key(&beta, 0x0102), expected);
    }

    /// A range of 2^63 + 1 rejects almost every second word, so that the rule of rejection is exercised.
    #[test]
    fn words_beyond_a_whole_number_of_ranges_are_drawn_again() {
        let last = 1 << 63;
        let (mut words, mut uniform) = (Stream::from_key([5; 32]), Stream::from_key([5; 32]));
        let accepted = std::iter::repeat_with(|| words.word()).filter(|word| *word <= last);
        for expected in accepted.take(100) {
            assert_eq!(uniform.up_to(last), expected);
        }
    }

    #[test]
    fn the_whole_range_of_words_is_the_words() {
        let (mut words, mut uniform) = (Stream::from_key([6; 32]), Stream::from_key([6; 32]));
        assert!((0..100).all(|_| words.word() == uniform.up_to(u64::MAX)));
    }
}
