use maud::{Markup, html};
use x402_gate::Route;

use super::{
    Call, anchor,
    fields::{self, WrittenBy},
    price, settles, verb,
};
use crate::documents::{Catalogue, schema::embedded};

/// Contents, the protocol in short, each route, and what can go wrong.
pub(super) fn content(catalogue: &Catalogue) -> Markup {
    html! {
        section.hero.small {
            h1 { "Reference" }
            p.lede { (catalogue.about) }
        }
        nav.contents {
            ul {
                @for route in &catalogue.routes {
                    li { a href={ "#" (anchor(route)) } { (verb(route)) code { (route.path()) } } (price(route)) }
                }
            }
        }
        (paying())
        @for route in &catalogue.routes { (section(catalogue, route)) }
        (refusals())
    }
}

fn paying() -> Markup {
    html! {
        section #paying {
            h2 { "Paying" }
            p {
                "A priced route answers " code { "402" } " with an offer: in the header " code { "PAYMENT-REQUIRED" }
                " for x402 version 2, in the body for version 1. The client signs an EIP-3009 authorization for exactly that amount, and repeats the "
                "request with it in " code { "PAYMENT-SIGNATURE" } " (version 1: " code { "X-PAYMENT" } "). "
                "The payer needs USDC and no ETH: the gas is ours."
            }
            p {
                "One payment buys one request: method, path, query, body, " code { "Content-Type" } " and " code { "Accept" }
                ". The same payment with the same request gets the same answer again; with another request it is refused."
            }
        }
    }
}

fn section(catalogue: &Catalogue, route: &Route) -> Markup {
    let call = Call::of(catalogue, route);
    html! {
        section.operation id=(anchor(route)) {
            h2 { (verb(route)) code { (route.path()) } (price(route)) }
            p { (route.description()) }
            p.aside { (settles(route)) }
            @if route.unit().is_some() {
                p.aside { "What a call costs depends on what it asks for: the offer names it for the request that you send." }
            }
            @if let Some(query) = route.query_schema() { h3 { "Query" } (fields::table(&embedded(query), WrittenBy::Caller)) }
            @if let Some(request) = route.request_schema() { h3 { "Body" } (fields::described(&embedded(request), WrittenBy::Caller)) }
            @if let Some(response) = route.response_schema() { h3 { "Answer" } (fields::described(&embedded(response), WrittenBy::Service)) }
            @if route.is_free() {
                h3 { "Ask" }
                pre { code { (call.curl()) } }
            } @else {
                h3 { "See the offer" }
                pre { code { (call.curl()) } }
                h3 { "Buy it" }
                pre { code { (call.pay()) } }
            }
        }
    }
}

/// Status, meaning, and what to do.
const REFUSALS: [(&str, &str, &str); 6] = [
    ("400", "The request or its payment cannot be read.", "Nothing was charged. Mend it."),
    (
        "402",
        "No payment, or one that is refused: the offer's error names the reason.",
        "Nothing was charged. Sign the offer.",
    ),
    (
        "409",
        "The payment is being worked on, or is for another request.",
        "Send the same pair again, or a new payment.",
    ),
    (
        "410",
        "The payment was used, and its answer is not given to strangers, or not kept any more.",
        "Its status tells what became of it.",
    ),
    (
        "429",
        "Too many requests without a payment, or too many payments of this payer under way.",
        "Wait as Retry-After says, and send the same again.",
    ),
    (
        "503",
        "A payment cannot be taken now; or, with settlement_pending, it is not known yet whether it was.",
        "Send the same payment again, never a new one.",
    ),
];

fn refusals() -> Markup {
    html! {
        section #refusals {
            h2 { "When it does not work" }
            p { "Errors are " code { "application/problem+json" } ", whose " code { "reason" } " a program can rely on." }
            div.scroll { table {
                thead { tr { th { "Status" } th { "Meaning" } th { "What to do" } } }
                tbody {
                    @for (status, meaning, remedy) in REFUSALS {
                        tr { td { code { (status) } } td { (meaning) } td { (remedy) } }
                    }
                }
            } }
        }
    }
}
