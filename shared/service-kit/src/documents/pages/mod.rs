//! The pages for people: `/` and `/docs`. One style sheet, no script, nothing loaded from elsewhere.

mod fields;
mod home;
mod reference;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use x402_gate::{Flow, Route};

use super::{Catalogue, example, schema::embedded};
use crate::Deployment;

/// `/`: what is sold here.
pub(super) fn home(catalogue: &Catalogue) -> String {
    layout(catalogue, catalogue.name, &home::content(catalogue)).into_string()
}

/// `/docs`: every route, its price and its shapes.
pub(super) fn reference(catalogue: &Catalogue) -> String {
    layout(catalogue, &format!("{} reference", catalogue.name), &reference::content(catalogue)).into_string()
}

fn layout(catalogue: &Catalogue, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="description" content=(catalogue.about);
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                header.bar {
                    a.brand href="/" { (catalogue.name) }
                    nav {
                        a href="/docs" { "Reference" }
                        a href="/openapi.json" { "OpenAPI" }
                        a href="/.well-known/x402" { "x402" }
                    }
                    span.network { (network_name(catalogue.deployment)) }
                }
                main { (content) }
                footer {
                    p { (catalogue.name) " " (catalogue.version) ", at " (catalogue.public_url) }
                    p { "Paid in USDC on " (catalogue.deployment.network()) ", to " code { (catalogue.pay_to) } }
                }
            }
        }
    }
}

const fn network_name(deployment: Deployment) -> &'static str {
    match deployment {
        Deployment::Base => "Base",
        Deployment::BaseSepolia => "Base Sepolia, test money",
        Deployment::Devnet => "local devnet, play money",
    }
}

/// `get-v1-random`: where a route stands on the reference page.
fn anchor(route: &Route) -> String {
    let name = format!("{}{}", route.method(), route.path()).to_lowercase();
    name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
}

/// `$0.001`, and what that is in the token's units for those who read offers; what it is the price of, if not of a call.
fn price(route: &Route) -> Markup {
    html! {
        @if route.is_free() {
            span.price { "free" }
        } @else {
            span.price title={ (route.amount().atomic()) " atomic units of USDC" } {
                (route.amount()) @if let Some(unit) = route.unit() { " per " (unit) }
            }
        }
    }
}

fn verb(route: &Route) -> Markup {
    html! { span.verb { (route.method()) } }
}

/// When the money moves, for the buyer.
const fn settles(route: &Route) -> &'static str {
    if route.is_free() {
        return "Free: no payment, no account.";
    }
    match route.flow() {
        Flow::Authorize => "The work comes first. A call that fails costs nothing.",
        Flow::Upfront => {
            "The payment settles before the answer exists, so nobody sees an answer and walks away. \
                          A call that cannot be answered after that is owed a refund."
        }
    }
}

/// A call of this route: its URL, and its body where it takes one.
struct Call {
    url: String,
    body: Option<String>,
}

impl Call {
    fn of(catalogue: &Catalogue, route: &Route) -> Self {
        let query = route.query_schema().map(|schema| example::query(&embedded(schema))).unwrap_or_default();
        let mark = if query.is_empty() { "" } else { "?" };
        Self {
            url: format!("{}{}{mark}{query}", catalogue.public_url, route.path()),
            body: route.request_schema().map(|schema| example::of(&embedded(schema)).to_string()),
        }
    }

    /// With curl: shows the offer.
    fn curl(&self) -> String {
        match &self.body {
            Some(body) => {
                format!(
                    "curl -i {} \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'",
                    self.quoted_url()
                )
            }
            None => format!("curl -i {}", self.quoted_url()),
        }
    }

    /// With this suite's buyer: pays it, up to its limits.
    fn pay(&self) -> String {
        match &self.body {
            Some(body) => format!("buyer pay -d '{body}' {}", self.quoted_url()),
            None => format!("buyer pay {}", self.quoted_url()),
        }
    }

    /// A shell would read `?` and `&`.
    fn quoted_url(&self) -> String {
        if self.url.contains('?') { format!("'{}'", self.url) } else { self.url.clone() }
    }
}
