//! What a buyer asks for: one or more draws, and what goes into them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::{canonical, decimal, hex_bytes};

mod draw;
pub mod limits;

pub use draw::Draw;
pub(crate) use draw::LETTERS_AND_DIGITS;
pub use limits::{DrawError, RequestError};

/// A draw request within the [`limits`], in JSON:
///
/// ```json
/// {"draws": [{"op": "dice", "count": 2, "sides": 6}], "clientSeed": "my own entropy", "label": "round 12"}
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DrawRequest {
    fields: Fields,
    canonical: String,
}

/// What to draw, and what of the buyer's own goes into it. Integers may be JSON integers or decimal strings.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DrawRequest")]
struct Fields {
    /// Text of the buyer's choice, which goes into every draw: entropy that the seller does not control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = limits::MAX_TEXT))]
    client_seed: Option<String>,
    /// What to draw. Each draw has a random stream of its own.
    #[schemars(length(min = 1, max = limits::MAX_DRAWS))]
    draws: Vec<Draw>,
    /// The day whose key draws, counted from 1970-01-01 UTC, as the offer names it. The day of the payment unless given.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "decimal::optional")]
    #[schemars(with = "Option<decimal::Decimal>")]
    epoch: Option<u32>,
    /// A name for what the draw is for, so that draws for the same purpose can be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = limits::MAX_TEXT))]
    label: Option<String>,
    /// Where the unpredictability comes from.
    #[serde(default, skip_serializing_if = "Source::is_instant")]
    mode: Source,
}

/// Where the unpredictability of a draw is to come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Source {
    /// The day's key: at once.
    #[default]
    Instant,
    /// The day's key and the next round of the public beacon, some seconds later.
    Beacon,
}

impl Source {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
    fn is_instant(&self) -> bool {
        *self == Self::Instant
    }
}

/// What goes into a request besides the draws. Nothing of it need be given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The buyer's own entropy.
    pub client_seed: Option<String>,
    /// What the draw is for.
    pub label: Option<String>,
    /// Where the unpredictability is to come from.
    pub mode: Source,
    /// The day whose key is to draw.
    pub epoch: Option<u32>,
}

impl DrawRequest {
    /// Checks a request against the [`limits`].
    ///
    /// # Errors
    /// A draw is impossible, or something is over its limit.
    pub fn new(
        draws: Vec<Draw>,
        client_seed: Option<String>,
        label: Option<String>,
    ) -> Result<Self, RequestError> {
        Self::on(draws, Terms { client_seed, label, ..Terms::default() })
    }

    /// The same with mode and epoch.
    ///
    /// # Errors
    /// As [`DrawRequest::new`].
    pub fn on(draws: Vec<Draw>, terms: Terms) -> Result<Self, RequestError> {
        let Terms { client_seed, label, mode, epoch } = terms;
        Self::try_from(Fields { client_seed, draws, epoch, label, mode })
    }

    /// A request for one draw, without seed or label.
    ///
    /// # Errors
    /// As [`DrawRequest::new`].
    pub fn single(draw: Draw) -> Result<Self, RequestError> {
        Self::new(vec![draw], None, None)
    }

    /// Reads a request from JSON, with unknown and duplicate members refused.
    ///
    /// # Errors
    /// The text is too long or no such request, or as [`DrawRequest::new`].
    pub fn from_json(json: &[u8]) -> Result<Self, RequestError> {
        if json.len() > limits::MAX_REQUEST_JSON {
            return Err(RequestError::TooLong { size: json.len() });
        }
        Self::try_from(serde_json::from_slice::<Fields>(json)?)
    }

    /// What to draw.
    pub fn draws(&self) -> &[Draw] {
        &self.fields.draws
    }

    /// How many values are drawn. Each character of a password is one, and so are 32 bytes.
    pub fn values(&self) -> u64 {
        let of = |draw: &Draw| match draw {
            Draw::Bytes { count } => u64::from(*count).div_ceil(32),
            other => limits::values_of(other),
        };
        self.draws().iter().map(of).sum()
    }

    /// The buyer's own entropy.
    pub fn client_seed(&self) -> Option<&str> {
        self.fields.client_seed.as_deref()
    }

    /// What the draw is for.
    pub fn label(&self) -> Option<&str> {
        self.fields.label.as_deref()
    }

    /// Where the unpredictability is to come from.
    pub fn mode(&self) -> Source {
        self.fields.mode
    }

    /// The day whose key is to draw, where the buyer named one.
    pub fn epoch(&self) -> Option<u32> {
        self.fields.epoch
    }

    /// The request with all defaults filled in, as canonical JSON (RFC 8785): sorted members, no space, integers as
    /// decimal strings, no member for a seed, label or epoch that is absent, nor for the mode where it is instant.
    pub fn canonical_json(&self) -> &str {
        &self.canonical
    }

    /// SHA-256 of the canonical JSON.
    pub fn hash(&self) -> RequestHash {
        RequestHash(Sha256::digest(&self.canonical).into())
    }
}

impl TryFrom<Fields> for DrawRequest {
    type Error = RequestError;

    fn try_from(fields: Fields) -> Result<Self, RequestError> {
        limits::check_draws(&fields.draws)?;
        limits::check_text("clientSeed", fields.client_seed.as_deref())?;
        limits::check_text("label", fields.label.as_deref())?;
        let canonical = canonical::to_string(&serde_json::to_value(&fields)?);
        Ok(Self { fields, canonical })
    }
}

impl fmt::Debug for DrawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DrawRequest({})", self.canonical)
    }
}

impl Serialize for DrawRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DrawRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for DrawRequest {
    fn schema_name() -> Cow<'static, str> {
        Fields::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Fields::json_schema(generator)
    }
}

/// SHA-256 of a request's canonical JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestHash(#[serde(with = "hex_bytes")] [u8; 32]);

impl RequestHash {
    /// The bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for RequestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex_bytes::format(&self.0))
    }
}

impl fmt::Debug for RequestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestHash({self})")
    }
}
