use bytes::Bytes;
use reqwest::{
    Method,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::Serialize;
use url::{Position, Url};
use x402::{PAYMENT_SIGNATURE, RequestHash, RequestParts, X_PAYMENT};

const JSON: &str = "application/json";

/// What the client or its transport writes.
const RESERVED: [&str; 6] =
    [PAYMENT_SIGNATURE, X_PAYMENT, "host", "content-length", "transfer-encoding", "connection"];

/// A request that may have to be paid for. Everything a payment is bound to is said outright, because the seller
/// hashes what arrives: `Accept` is always sent, `Content-Type` exactly when there is a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) accept: String,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why something is not a request this client sends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not an absolute URL.
    #[error("`{0}` is not a URL")]
    Url(String),
    /// Neither http nor https.
    #[error("`{0}` is not an http or https URL")]
    Scheme(String),
    /// A name and password before the host: they would be stored with the payment.
    #[error("the URL carries a password; send it as a header instead")]
    Credentials,
    /// Not a method.
    #[error("`{0}` is not an HTTP method")]
    Method(String),
    /// Not a header.
    #[error("`{0}` is not an HTTP header")]
    Header(String),
    /// A header that this client writes itself.
    #[error("the header `{0}` is written by the buyer itself")]
    Reserved(HeaderName),
    /// The body is not representable as JSON.
    #[error("the body is not JSON: {0}")]
    Body(String),
}

impl Request {
    /// A request without a body that accepts anything.
    ///
    /// # Errors
    /// [`RequestError`] when the URL is not an absolute http(s) URL without credentials.
    pub fn new(method: Method, url: &str) -> Result<Self, RequestError> {
        let mut url = Url::parse(url).map_err(|_| RequestError::Url(url.to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(RequestError::Scheme(url.to_string()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RequestError::Credentials);
        }
        url.set_fragment(None);
        let (accept, headers) = ("*/*".to_owned(), HeaderMap::new());
        Ok(Self { method, url, accept, content_type: None, headers, body: Bytes::new() })
    }

    /// A GET.
    ///
    /// # Errors
    /// As [`Request::new`].
    pub fn get(url: &str) -> Result<Self, RequestError> {
        Self::new(Method::GET, url)
    }

    /// A POST of JSON that wants JSON.
    ///
    /// # Errors
    /// As [`Request::new`], or when `body` does not serialize.
    pub fn post_json<T: Serialize>(url: &str, body: &T) -> Result<Self, RequestError> {
        let body = serde_json::to_vec(body).map_err(|error| RequestError::Body(error.to_string()))?;
        Self::new(Method::POST, url)?.with_header("accept", JSON)?.with_body(JSON, body)
    }

    /// With a body of this `Content-Type`.
    ///
    /// # Errors
    /// [`RequestError::Header`] when the type is no header value.
    pub fn with_body(self, content_type: &str, body: impl Into<Bytes>) -> Result<Self, RequestError> {
        let typed = self.with_header("content-type", content_type)?;
        Ok(Self { body: body.into(), ..typed })
    }

    /// With one more header. `Accept` and `Content-Type` replace what was there.
    ///
    /// # Errors
    /// [`RequestError`] when the pair is no header of visible ASCII, or one that this client writes itself.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, RequestError> {
        let malformed = || RequestError::Header(name.to_owned());
        let name = name.parse::<HeaderName>().map_err(|_| malformed())?;
        let value = value.parse::<HeaderValue>().map_err(|_| malformed())?;
        let text = value.to_str().map_err(|_| malformed())?.to_owned();
        match name.as_str() {
            "accept" => self.accept = text,
            "content-type" => self.content_type = Some(text),
            _ if RESERVED.contains(&name.as_str()) => return Err(RequestError::Reserved(name)),
            _ => {
                self.headers.append(name, value);
            }
        }
        Ok(self)
    }

    /// Where it goes.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Host and port as in the URL (a scheme's own port is left out): what budgets and pinned payees go by.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// The parts that a payment is bound to.
    #[must_use]
    pub fn parts(&self) -> RequestParts<'_> {
        RequestParts {
            method: self.method.as_str(),
            origin: &self.url[..Position::BeforePath],
            target: &self.url[Position::BeforePath..Position::AfterQuery],
            body: &self.body,
            content_type: self.content_type.as_deref().unwrap_or_default(),
            accept: &self.accept,
        }
    }

    /// The hash that names the request to the seller.
    #[must_use]
    pub fn hash(&self) -> RequestHash {
        self.parts().hash()
    }

    /// The request for the wire, payment apart.
    pub(crate) fn builder(&self, http: &reqwest::Client) -> reqwest::RequestBuilder {
        let builder = http.request(self.method.clone(), self.url.clone());
        let builder = builder.headers(self.headers.clone()).header(ACCEPT, &self.accept);
        match &self.content_type {
            Some(content_type) => builder.header(CONTENT_TYPE, content_type).body(self.body.clone()),
            None => builder,
        }
    }
}
