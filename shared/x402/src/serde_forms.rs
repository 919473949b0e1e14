//! The wire forms that differ from a type's own: checksummed addresses, decimal-string times, the transaction that is not there.

/// A text that some write as null where there is none.
pub(crate) fn null_as_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(<Option<String> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

pub(crate) mod checksummed {
    use alloy_primitives::Address;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(address.to_checksum_buffer(None).as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        Address::deserialize(deserializer)
    }
}

pub(crate) mod checksummed_option {
    use alloy_primitives::Address;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        address: &Option<Address>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match address {
            Some(address) => super::checksummed::serialize(address, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Some facilitators answer `""` where they do not know the payer.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Address>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let known = text.filter(|text| !text.is_empty());
        known.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
    }
}

pub(crate) mod decimal_string {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(String),
        Number(u64),
    }

    pub(crate) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    /// The specification writes a decimal string; a JSON integer means the same and some clients send it.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Number(number) => Ok(number),
            Form::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map_err(de::Error::custom)
            }
            Form::Text(_) => Err(de::Error::custom("not a decimal number of seconds")),
        }
    }
}

pub(crate) mod transaction {
    use alloy_primitives::B256;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(hash: &Option<B256>, serializer: S) -> Result<S::Ok, S::Error> {
        match hash {
            Some(hash) => serializer.collect_str(hash),
            None => serializer.serialize_str(""),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<B256>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(de::Error::custom)
    }
}

/// 32 zero bytes for none, as in typed data, which knows no absence.
pub(crate) mod zero_hash {
    use alloy_primitives::B256;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(hash: &Option<B256>, serializer: S) -> Result<S::Ok, S::Error> {
        hash.unwrap_or_default().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<B256>, D::Error> {
        let hash = B256::deserialize(deserializer)?;
        Ok(Some(hash).filter(|hash| !hash.is_zero()))
    }
}

/// As [`decimal_string`], for a number that need not be there.
pub(crate) mod decimal_string_option {
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    struct Form(#[serde(with = "super::decimal_string")] u64);

    pub(crate) fn serialize<S: Serializer>(number: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        match number {
            Some(number) => serializer.collect_str(number),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        Ok(Option::<Form>::deserialize(deserializer)?.map(|form| form.0))
    }
}

/// An amount, or `""` where none moved.
pub(crate) mod amount_or_empty {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use crate::Usdc;

    pub(crate) fn serialize<S: Serializer>(amount: &Option<Usdc>, serializer: S) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => amount.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Usdc>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
        text.map(|text| Usdc::parse_atomic(&text).map_err(de::Error::custom)).transpose()
    }
}
