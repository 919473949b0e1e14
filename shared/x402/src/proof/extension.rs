use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::Extensions;

/// Something that stands at `extensions[EXTENSION].info[MEMBER]`.
pub trait ExtensionInfo: Serialize + DeserializeOwned {
    /// The extension's name.
    const EXTENSION: &'static str;
    /// The member of `info`.
    const MEMBER: &'static str;

    /// JSON Schema of `info`.
    #[must_use]
    fn schema() -> Value {
        json!({})
    }

    /// Puts it in its place, which must be empty.
    fn attach(&self, extensions: &mut Extensions) {
        let value = json!({ "info": { (Self::MEMBER): self }, "schema": Self::schema() });
        extensions.insert(Self::EXTENSION.to_owned(), value);
    }

    /// Reads it from its place; `None` where nothing stands there.
    ///
    /// # Errors
    /// [`ExtensionError`] when what stands there is something else.
    fn read(extensions: Option<&Extensions>) -> Result<Option<Self>, ExtensionError> {
        let info = extensions.and_then(|extensions| extensions.get(Self::EXTENSION)?.get("info"));
        let Some(value) = info.and_then(|info| info.get(Self::MEMBER)) else { return Ok(None) };
        Self::deserialize(value).map(Some).map_err(|error| ExtensionError {
            extension: Self::EXTENSION,
            member: Self::MEMBER,
            reason: error.to_string(),
        })
    }
}

/// An extension does not carry what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{extension}: `{member}` is not as expected: {reason}")]
pub struct ExtensionError {
    /// The extension.
    pub extension: &'static str,
    /// The member of its `info`.
    pub member: &'static str,
    /// What is wrong.
    pub reason: String,
}
