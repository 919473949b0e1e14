//! What the documents say about the draws.

use draw::{LogKey, hex_bytes};
use schemars::JsonSchema;
use serde::Serialize;
use service_kit::Route;

use crate::log::EpochKey;

/// The VRF of RFC 9381, suite 3.
const SUITE: &str = "ECVRF-EDWARDS25519-SHA512-TAI";

/// What a buyer must know before paying, and keep: `extra.rng` of the offer, and the answer of `/v1/key`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Terms {
    /// The day whose key draws, counted from 1970-01-01 UTC.
    epoch: u32,
    /// The key that draws are verified with.
    public_key: String,
    /// The verifiable random function.
    suite: &'static str,
    /// The log that the draws go into.
    log: Log,
}

/// A transparency log.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Log {
    /// Its name.
    origin: String,
    /// Its Ed25519 key.
    public_key: String,
}

/// The route that says the same to who pays nothing.
pub(crate) fn key_route() -> Route {
    Route::get("/v1/key").summary("The key of the day, and the log that draws go into.").response::<Terms>()
}

impl Terms {
    pub(crate) fn of(key: &EpochKey, log: &LogKey) -> Self {
        Self {
            epoch: key.epoch,
            public_key: hex_bytes::format(key.secret.public_key().as_bytes()),
            suite: SUITE,
            log: Log { origin: log.name().to_owned(), public_key: hex_bytes::format(log.as_bytes()) },
        }
    }
}

/// The query of `GET /v1/random`: at most one draw, with a seed and a label of the buyer's. `draw::query` reads it.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the shape is for the documents; values are read by the crate draw")]
pub(crate) struct DrawQuery {
    /// That many random bytes.
    bytes: Option<u32>,
    /// Throws of dice: two with six sides.
    #[schemars(example = "2d6")]
    dice: Option<String>,
    /// The least integer of a range; goes with `max`.
    min: Option<u64>,
    /// The greatest integer of a range; goes with `min`.
    max: Option<u64>,
    /// How many integers, passwords, or indices by `weights`. One unless given.
    count: Option<u32>,
    /// That many floats from 0 to 1.
    floats: Option<u32>,
    /// The numbers from 0 up to this one in random order.
    shuffle: Option<u32>,
    /// Distinct numbers out of a range from 0: `6/49` are six of 49.
    sample: Option<String>,
    /// Indices into this list, each as likely as its weight: `1,2,3`.
    weights: Option<String>,
    /// A password of that many characters.
    passwords: Option<u32>,
    /// The characters of passwords, printable ASCII. Letters and digits unless given.
    charset: Option<String>,
    /// That many UUIDs, version 4.
    uuids: Option<u32>,
    /// Text that goes into the draw: entropy that the seller does not control.
    client_seed: Option<String>,
    /// A name for what the draw is for.
    label: Option<String>,
    /// `instant`, unless given, or `beacon`.
    mode: Option<String>,
    /// The day whose key draws, as the offer names it.
    epoch: Option<u32>,
}
