//! The 402: offer in the header for version 2, in the body for version 1, and a page for a person.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY},
};
use serde_json::{Value, json};
use x402::{
    Accept, BATCH_SETTLEMENT, EXACT, ErrorReason, Extensions, PAYMENT_REQUIRED, PaymentRequired,
    PaymentRequirements, ResourceInfo, encode_header, v1,
};

use crate::GateError;

/// What an unpaid request is told.
const NO_PAYMENT: &str = "PAYMENT-SIGNATURE header is required";
/// The longest header that every client and proxy takes.
const MAX_HEADER: usize = 8 * 1024;

/// A route's 402, made once: an unpaid request costs little more than a static answer.
#[derive(Debug)]
pub(crate) struct Challenge {
    offer: PaymentRequired,
    json: Rendered,
    html: Rendered,
}

#[derive(Clone, Debug)]
struct Rendered {
    headers: HeaderMap,
    body: Bytes,
}

impl Challenge {
    pub(crate) fn new(
        requirements: &PaymentRequirements,
        channel: Option<&PaymentRequirements>,
        resource: ResourceInfo,
        extensions: Extensions,
    ) -> Result<Self, GateError> {
        let offer = PaymentRequired {
            x402_version: 2,
            error: Some(NO_PAYMENT.to_owned()),
            resource,
            accepts: [Some(requirements), channel].into_iter().flatten().cloned().map(Accept::Evm).collect(),
            extensions: Some(extensions),
        };
        let header = header(&offer)?;
        Ok(Self {
            json: Rendered::new("application/json", header.clone(), body(&offer)?),
            html: Rendered::new("text/html; charset=utf-8", header, page(&offer, requirements).into()),
            offer,
        })
    }

    /// The answer to a request without a payment.
    pub(crate) fn respond(&self, headers: &HeaderMap) -> Response {
        if wants_html(headers) { self.html.response() } else { self.json.response() }
    }

    /// The answer to a payment that is refused: the same offer with the reason, a person's or a program's to read.
    pub(crate) fn refuse(&self, reason: &ErrorReason) -> Response {
        let offer = PaymentRequired { error: Some(reason.as_str().to_owned()), ..self.offer.clone() };
        match (header(&offer), body(&offer)) {
            (Ok(header), Ok(body)) => Rendered::new("application/json", header, body).response(),
            _ => self.json.response(),
        }
    }

    /// The answer to a voucher that starts from another base than the channel's: the offer of channels, corrected.
    pub(crate) fn correct(
        &self,
        reason: &ErrorReason,
        correct: impl Fn(&PaymentRequirements) -> PaymentRequirements,
    ) -> Response {
        let accepts = self.offer.accepts.iter().map(|accept| match accept.evm() {
            Some(offered) if offered.scheme == BATCH_SETTLEMENT => Accept::Evm(correct(offered)),
            _ => accept.clone(),
        });
        let offer = PaymentRequired { accepts: accepts.collect(), ..self.offer.clone() };
        let corrected = Self { offer, json: self.json.clone(), html: self.html.clone() };
        corrected.refuse(reason)
    }
}

impl Rendered {
    fn new(media_type: &'static str, offer: HeaderValue, body: Bytes) -> Self {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(media_type)),
            (http::HeaderName::from_static(PAYMENT_REQUIRED), offer),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (VARY, HeaderValue::from_static("PAYMENT-SIGNATURE, X-PAYMENT, Accept")),
        ];
        Self { headers: headers.into_iter().collect(), body }
    }

    fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = StatusCode::PAYMENT_REQUIRED;
        *response.headers_mut() = self.headers.clone();
        response
    }
}

fn header(offer: &PaymentRequired) -> Result<HeaderValue, GateError> {
    let text = encode_header(offer).map_err(|error| GateError::Offer(error.to_string()))?;
    if text.len() > MAX_HEADER {
        return Err(GateError::Offer(format!("its header has {} bytes, more than {MAX_HEADER}", text.len())));
    }
    HeaderValue::try_from(text).map_err(|error| GateError::Offer(error.to_string()))
}

/// The version 1 offer, which is the body.
fn body(offer: &PaymentRequired) -> Result<Bytes, GateError> {
    let accepts = offer.accepts.iter().filter_map(Accept::evm).filter(|offered| offered.scheme == EXACT);
    let body = v1::PaymentRequired {
        x402_version: 1,
        error: offer.error.clone().unwrap_or_default(),
        accepts: accepts.filter_map(|offered| older(offered, &offer.resource)).collect(),
    };
    serde_json::to_vec(&body).map(Bytes::from).map_err(|error| GateError::Offer(error.to_string()))
}

/// An offer in version 1, with an empty schema of the answer: x402-fetch refuses the null that the specification shows.
fn older(offered: &PaymentRequirements, resource: &ResourceInfo) -> Option<v1::PaymentRequirements> {
    let offer = v1::PaymentRequirements::from_v2(offered, resource)?;
    Some(v1::PaymentRequirements { output_schema: Some(json!({})), ..offer })
}

/// A browser asks for HTML before anything else; a program that also takes HTML asks for `*/*`.
fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.trim_start().starts_with("text/html"))
}

fn page(offer: &PaymentRequired, requirements: &PaymentRequirements) -> String {
    let resource = &offer.resource;
    let what = escape(resource.description.as_deref().unwrap_or_default());
    let (service, url) =
        (escape(resource.service_name.as_deref().unwrap_or_default()), escape(&resource.url));
    let (price, network, pay_to) = (requirements.amount, escape(&requirements.network), requirements.pay_to);
    let details: Value = json!(requirements);
    let details = escape(&serde_json::to_string_pretty(&details).unwrap_or_default());
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Payment required: {price}</title><style>{STYLE}</style><main><p class=\"service\">{service}</p>\
         <h1>{price} <small>USDC a call</small></h1><p>{what}</p>\
         <p>This address answers programs that pay per request with \
         <a href=\"https://www.x402.org\">x402</a>. There is no account and no key to apply for. With the buyer of this suite:</p>\
         <pre>buyer pay {url}</pre><p>Settles in USDC on <code>{network}</code>, to <code>{pay_to}</code>. \
         The offer, as a program reads it from the <code>PAYMENT-REQUIRED</code> header:</p><pre>{details}</pre></main></html>"
    )
}

const STYLE: &str = ":root{color-scheme:light dark}body{font:1rem/1.6 system-ui,sans-serif;margin:0}\
main{max-width:42rem;margin:10vh auto;padding:0 1.5rem}h1{font-size:3rem;line-height:1.1;margin:.2em 0}\
h1 small{font-size:1rem;font-weight:400;opacity:.7}.service{opacity:.7;margin:0}\
pre{padding:1rem;border-radius:.5rem;background:color-mix(in srgb,currentColor 8%,transparent);overflow-x:auto}\
code,pre{font-family:ui-monospace,monospace;font-size:.875rem}";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
