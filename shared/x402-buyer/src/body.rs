use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use x402::B256;

/// The bytes of a request or an answer. In JSON they are `{"utf8": "..."}` where they are text, else `{"base64": "..."}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body(pub Bytes);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    Utf8(String),
    Base64(String),
}

impl Body {
    /// SHA-256 of the bytes.
    #[must_use]
    pub fn sha256(&self) -> B256 {
        B256::from_slice(&Sha256::digest(&self.0))
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match str::from_utf8(&self.0) {
            Ok(text) => Form::Utf8(text.to_owned()),
            Err(_) => Form::Base64(STANDARD.encode(&self.0)),
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = match Form::deserialize(deserializer)? {
            Form::Utf8(text) => text.into_bytes(),
            Form::Base64(text) => STANDARD.decode(text).map_err(de::Error::custom)?,
        };
        Ok(Self(bytes.into()))
    }
}
