use std::time::Duration;

use alloy_primitives::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::DevnetError;

/// A JSON-RPC client, and no more than a local chain needs.
#[derive(Debug)]
pub(crate) struct Rpc {
    client: reqwest::Client,
    url: String,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    result: Value,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    code: i64,
    message: String,
    #[serde(default)]
    data: Value,
}

impl Rpc {
    pub(crate) fn new(url: String) -> Result<Self, DevnetError> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(|source| DevnetError::Transport { method: "connect".into(), source })?;
        Ok(Self { client, url })
    }

    pub(crate) async fn request<R: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<R, DevnetError> {
        let response = self
            .send(json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
            .await
            .map_err(|source| DevnetError::Transport { method: method.into(), source })?;
        match response.error {
            Some(failure) => Err(failure.of(method)),
            None => serde_json::from_value(response.result)
                .map_err(|source| DevnetError::Answer { method: method.into(), source }),
        }
    }

    async fn send(&self, body: Value) -> Result<Response, reqwest::Error> {
        self.client.post(&self.url).json(&body).send().await?.error_for_status()?.json().await
    }
}

impl Failure {
    fn of(self, method: &str) -> DevnetError {
        DevnetError::Rpc {
            method: method.into(),
            code: self.code,
            message: self.message,
            data: self.data.as_str().and_then(|data| data.parse::<Bytes>().ok()),
        }
    }
}
