use maud::{Markup, html};

use super::{Call, anchor, price, verb};
use crate::documents::Catalogue;

/// What is sold, what it costs, how to buy one.
pub(super) fn content(catalogue: &Catalogue) -> Markup {
    html! {
        section.hero {
            h1 { (catalogue.about) }
            p.lede { "Pay by the call, in USDC, in the HTTP request itself. No account, no key to apply for, no minimum." }
        }
        section {
            h2 { "Prices" }
            ul.prices {
                @for route in &catalogue.routes {
                    li {
                        a href={ "/docs#" (anchor(route)) } {
                            span.route { (verb(route)) code { (route.path()) } }
                            (price(route))
                            span.summary { (route.description()) }
                        }
                    }
                }
            }
        }
        @if let Some(route) = catalogue.routes.iter().find(|route| !route.is_free()) { (buying(&Call::of(catalogue, route))) }
        section {
            h2 { "For programs" }
            ul.links {
                li { a href="/openapi.json" { "/openapi.json" } " OpenAPI 3.1, with the price of each operation" }
                li { a href="/.well-known/x402" { "/.well-known/x402" } " the offers as a buyer's program reads them" }
                li { code { "/payments/{id}" } " what became of a payment" }
                li { a href="/docs" { "/docs" } " every route with its parameters and answers" }
            }
        }
    }
}

fn buying(call: &Call) -> Markup {
    html! {
        section {
            h2 { "Buy one" }
            ol.steps {
                li {
                    p { strong { "Ask." } " The answer is " code { "402 Payment Required" } " with the offer in the header " code { "PAYMENT-REQUIRED" } "." }
                    pre { code { (call.curl()) } }
                }
                li {
                    p { strong { "Pay." } " Any x402 client signs the offered amount and asks again. With this suite's buyer:" }
                    pre { code { (call.pay()) } }
                }
                li {
                    p { strong { "Keep the receipt." } " The header " code { "PAYMENT-RESPONSE" } " names the transaction. If the answer is lost on its way, send the same payment again: it is charged once." }
                }
            }
        }
    }
}
