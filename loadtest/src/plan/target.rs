use std::fmt;

use clap::ValueEnum;
use serde::Deserialize;
use x402_buyer::{Request, RequestError};

use super::{PlanError, text};

/// Something for sale, as one customer after the other asks for it.
#[derive(Clone, Debug)]
pub struct Target {
    /// What reports call it.
    pub name: String,
    /// The request, the same every time.
    pub request: Request,
    /// How many calls it gets beside the other targets.
    pub weight: u32,
    /// How it is paid.
    pub scheme: Scheme,
    /// The order of work and settlement that the offer must have; any where it is not said.
    pub flow: Option<Flow>,
}

/// How a call is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Scheme {
    /// Not at all: the offer is asked for and left.
    None,
    /// One EIP-3009 authorization a call.
    #[default]
    Exact,
    /// Vouchers in a payment channel for each buyer, which its first call opens and the end of the run closes.
    BatchSettlement,
}

/// The order of work and settlement, `extra.paymentFlow` of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Flow {
    /// Verify, work, settle, deliver.
    Authorize,
    /// Settle, then work.
    Upfront,
}

/// A target as a plan writes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TargetArgs {
    /// Where.
    pub url: String,
    /// What reports call it; the URL unless set.
    pub name: Option<String>,
    /// `GET` unless set, `POST` where there is a body.
    pub method: Option<String>,
    /// The request's body.
    pub body: Option<String>,
    /// The body's type; JSON unless set.
    pub content_type: Option<String>,
    /// How many calls it gets beside the others.
    pub weight: Option<u32>,
    /// How it is paid; as the plan says unless set.
    #[serde(default, deserialize_with = "text::variant")]
    pub scheme: Option<Scheme>,
    /// What order the offer must have; as the plan says unless set.
    #[serde(default, deserialize_with = "text::variant")]
    pub flow: Option<Flow>,
}

impl TargetArgs {
    /// Checks it.
    ///
    /// # Errors
    /// [`PlanError`] where the request cannot be sent, or paid.
    pub fn target(self, scheme: Option<Scheme>, flow: Option<Flow>) -> Result<Target, PlanError> {
        let scheme = self.scheme.or(scheme).unwrap_or_default();
        let weight = self.weight.unwrap_or(1);
        if weight == 0 {
            return Err(PlanError::Zero("weight"));
        }
        let request =
            self.request().map_err(|source| PlanError::Request { url: self.url.clone(), source })?;
        Ok(Target { name: self.name.unwrap_or(self.url), request, weight, scheme, flow: self.flow.or(flow) })
    }

    fn request(&self) -> Result<Request, RequestError> {
        let written = self.method.as_deref();
        let method = written.unwrap_or(if self.body.is_some() { "POST" } else { "GET" });
        let method = method.parse().map_err(|_| RequestError::Method(method.to_owned()))?;
        let request = Request::new(method, &self.url)?;
        match &self.body {
            None => Ok(request),
            Some(body) => {
                let content_type = self.content_type.as_deref().unwrap_or("application/json");
                request.with_body(content_type, body.clone())
            }
        }
    }
}

impl Scheme {
    /// The scheme of the offers that are looked for; without payment, the commonest will do.
    pub(crate) const fn offered(self) -> &'static str {
        match self {
            Self::None | Self::Exact => x402::EXACT,
            Self::BatchSettlement => x402::BATCH_SETTLEMENT,
        }
    }

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Exact => x402::EXACT,
            Self::BatchSettlement => x402::BATCH_SETTLEMENT,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authorize => "authorize",
            Self::Upfront => "upfront",
        })
    }
}
