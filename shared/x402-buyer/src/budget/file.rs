//! Budgets in a file of TOML: one table a budget, amounts in dollars (`per-day = "10"`).

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::Budgets;

/// Why the file of budgets cannot be used. A buyer does not spend without knowing its limits.
#[derive(Debug, thiserror::Error)]
pub enum BudgetFileError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not a file of budgets.
    #[error("{}: {source}", path.display())]
    Toml {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// It cannot be put as TOML.
    #[error("the budgets cannot be written: {0}")]
    Format(#[from] toml::ser::Error),
}

impl Budgets {
    /// Reads a file of budgets; without the file, the defaults. A file without `[total]` leaves the default one.
    ///
    /// # Errors
    /// [`BudgetFileError`] when the file is there and cannot be understood.
    pub fn load(path: &Path) -> Result<Self, BudgetFileError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(BudgetFileError::Io { path: path.to_owned(), source }),
        };
        let read: Self = toml::from_str(&text)
            .map_err(|source| BudgetFileError::Toml { path: path.to_owned(), source: Box::new(source) })?;
        let mut budgets = Self::default();
        budgets.0.extend(read.0);
        Ok(budgets)
    }

    /// Writes the file, in whole or not at all.
    ///
    /// # Errors
    /// [`BudgetFileError`] when it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), BudgetFileError> {
        let text = toml::to_string(self)?;
        let next = path.with_extension("toml.next");
        let write = || {
            let mut file = fs::File::create(&next)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&next, path)
        };
        write().map_err(|source| BudgetFileError::Io { path: path.to_owned(), source })
    }
}

/// Amounts as people write them.
pub(super) mod dollars {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use x402::Usdc;

    pub(crate) fn serialize<S: Serializer>(amount: &Option<Usdc>, serializer: S) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => serializer.collect_str(amount),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Usdc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Some)
            .map_err(|error| de::Error::custom(format_args!("`{text}` in dollars: {error}")))
    }
}
