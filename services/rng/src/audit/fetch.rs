//! What an audit reads from a service. Nothing of it is believed.

use std::time::Duration;

use draw::{LogKey, hex_bytes};
use serde_json::Value;
use service_kit::StartError;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(30);
/// Entries of a full bundle.
const WIDTH: u64 = 256;

/// A service, from outside.
pub(super) struct Service {
    url: Url,
    client: reqwest::Client,
}

impl Service {
    pub(super) fn new(url: Url) -> Self {
        let client = reqwest::Client::builder().timeout(TIMEOUT).build().unwrap_or_default();
        Self { url, client }
    }

    /// The log's key, on the service's own word.
    pub(super) async fn log_key(&self) -> Result<LogKey, StartError> {
        let terms: Value = serde_json::from_slice(&self.get("/v1/key").await?)
            .map_err(StartError::failed("reading /v1/key"))?;
        let text = |pointer: &str| terms.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let key = hex_bytes::parse(text("/log/publicKey")).map_err(StartError::failed("reading /v1/key"))?;
        LogKey::new(text("/log/origin"), key).map_err(StartError::failed("reading /v1/key"))
    }

    pub(super) async fn checkpoint(&self) -> Result<String, StartError> {
        String::from_utf8(self.get("/checkpoint").await?).map_err(StartError::failed("reading /checkpoint"))
    }

    /// Every entry, by the bundles of C2SP tlog-tiles.
    pub(super) async fn entries(&self, size: u64) -> Result<Vec<Vec<u8>>, StartError> {
        let mut entries = Vec::new();
        for bundle in 0..size.div_ceil(WIDTH) {
            let width = (size - bundle * WIDTH).min(WIDTH);
            let path = bundle_path(bundle, width);
            let unusable = StartError::failed(format!("reading {path}"));
            let bytes = self.get(&path).await?;
            entries.extend(split(&bytes).ok_or_else(|| unusable("not a bundle of entries"))?);
        }
        Ok(entries)
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, StartError> {
        let url = self.url.join(path).map_err(StartError::failed(path.to_owned()))?;
        let answer = self.client.get(url).send().await.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(StartError::failed(format!("fetching {path}")))?;
        Ok(answer.bytes().await.map_err(StartError::failed(format!("fetching {path}")))?.to_vec())
    }
}

/// `/tile/entries/x001/x234/067`, with `.p/W` where it is not full.
fn bundle_path(index: u64, width: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    let partial = if width < WIDTH { format!(".p/{width}") } else { String::new() };
    format!("/tile/entries/{path}{partial}")
}

/// Entries with their lengths in two big-endian bytes.
fn split(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry.to_vec());
        bytes = rest;
    }
    Some(entries)
}
