use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use x402::{PaymentRequired, SettlementResponse, decode_header};

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        Self::read(request.send().await.expect("an answer")).await
    }

    pub(crate) async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, body: response.bytes().await.expect("a body").to_vec() }
    }

    /// An answer that does not say that the same payment should be sent again.
    pub(crate) fn for_good(self) -> Result<Self, String> {
        match self.status.as_u16() {
            409 | 503 => Err(format!("still {}", self.json())),
            _ => Ok(self),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&self.body)))
    }

    /// The offer that a 402 makes.
    pub(crate) fn offer(&self) -> PaymentRequired {
        decode_header(self.headers["payment-required"].as_bytes()).expect("an offer")
    }

    /// The settlement that the answer announces.
    pub(crate) fn settlement(&self) -> SettlementResponse {
        let header = self.headers.get("payment-response").expect("PAYMENT-RESPONSE");
        decode_header(header.as_bytes()).expect("a settlement")
    }

    /// The reason that the answer gives, in its settlement, its offer or its problem.
    pub(crate) fn reason(&self) -> String {
        let body = self.json();
        if let Some(reason) = body["reason"].as_str() {
            return reason.to_owned();
        }
        if self.headers.contains_key("payment-response") {
            return self.settlement().error_reason.map(|reason| reason.to_string()).unwrap_or_default();
        }
        body["error"].as_str().unwrap_or_default().to_owned()
    }
}
