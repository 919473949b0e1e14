use reqwest::{Client, Url, redirect::Policy};
use serde_json::{Value, json};

use super::message::{Answer, NoAnswer, Request};
use crate::DevnetError;

/// The server behind the proxy.
pub(crate) struct Server {
    client: Client,
    url: Url,
}

impl Server {
    pub(crate) fn new(url: Url) -> Result<Self, DevnetError> {
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .http1_only()
            .no_gzip() // an answer passes as it is, whatever other crates of the build ask of the client
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .build()
            .map_err(|source| DevnetError::Transport { method: "connect".into(), source })?;
        Ok(Self { client, url })
    }

    /// The server's answer to a request.
    pub(crate) async fn answer(&self, request: &Request) -> Result<Answer, NoAnswer> {
        let Request { method, headers, body, .. } = request.clone();
        let asked = self.client.request(method, self.destination(request)).headers(headers).body(body);
        Answer::read(asked.send().await.map_err(|_| NoAnswer)?).await
    }

    /// The number of the newest block.
    pub(crate) async fn head(&self) -> Result<u64, NoAnswer> {
        let question = json!({ "jsonrpc": "2.0", "id": 0, "method": "eth_blockNumber", "params": [] });
        let asked = self.client.post(self.url.clone()).json(&question);
        let answer: Value = asked.send().await.map_err(|_| NoAnswer)?.json().await.map_err(|_| NoAnswer)?;
        quantity(&answer["result"]).ok_or(NoAnswer)
    }

    fn destination(&self, request: &Request) -> Url {
        let mut url = self.url.clone();
        if request.uri.path() != "/" {
            url.set_path(&[self.url.path().trim_end_matches('/'), request.uri.path()].concat());
        }
        if let Some(query) = request.uri.query() {
            url.set_query(Some(query));
        }
        url
    }
}

/// A number as JSON-RPC writes it: `"0x1b4"`.
pub(crate) fn quantity(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}
