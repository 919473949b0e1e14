//! `/openapi.json`: OpenAPI 3.1, with each price where programs look for it.

mod shared;

use serde_json::{Map, Value, json};
use x402_gate::{Flow, Route};

use self::shared::{header, responses, security_schemes, standing_paths};
use super::{
    Catalogue,
    schema::{embedded, members, object, of_parameter, text},
};

/// The whole document.
pub(super) fn document(catalogue: &Catalogue) -> Value {
    let mut paths = Map::new();
    let mut shapes = Shapes(shared::schemas());
    for route in &catalogue.routes {
        // A path that takes the rest, `{*name}` to axum, has no form of its own in OpenAPI.
        let item = paths.entry(route.path().replace("{*", "{")).or_insert_with(|| json!({}));
        item[route.method().as_str().to_lowercase()] = operation(catalogue, route, &mut shapes);
    }
    paths.extend(standing_paths());
    json!({
        "openapi": "3.1.0",
        "info": { "title": catalogue.name, "version": catalogue.version, "description": catalogue.about },
        "servers": [{ "url": catalogue.public_url }],
        "paths": paths,
        "components": { "securitySchemes": security_schemes(), "responses": responses(), "schemas": shapes.0 },
    })
}

/// The shapes of requests and answers by their names, each written once.
struct Shapes(Map<String, Value>);

impl Shapes {
    /// A reference to a shape; the shape itself where it has no name, or shares one with another.
    fn refer(&mut self, schema: &schemars::Schema) -> Value {
        let schema = embedded(schema);
        let name = text(&schema, "title");
        if name.is_empty() || *self.0.entry(name).or_insert_with(|| schema.clone()) != schema {
            return schema;
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }
}

fn operation(catalogue: &Catalogue, route: &Route, shapes: &mut Shapes) -> Value {
    let mut operation = object([
        ("operationId", operation_id(route).into()),
        ("summary", route.description().into()),
        ("responses", operation_responses(route, shapes)),
        ("security", if route.is_free() { json!([]) } else { json!([{ "x402": [] }]) }),
    ]);
    if !route.is_free() {
        operation.insert("x-payment-info".to_owned(), payment_info(catalogue, route));
    }
    let mut parameters = in_path(route.path());
    parameters.extend(route.query_schema().map(|query| in_query(&embedded(query))).into_iter().flatten());
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(request) = route.request_schema() {
        let content = json!({ "application/json": { "schema": shapes.refer(request) } });
        operation.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    operation.into()
}

/// `get_v1_random`.
fn operation_id(route: &Route) -> String {
    let path = route.path().replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    format!("{}{path}", route.method().as_str().to_lowercase())
}

/// The parts of a path in braces.
fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let parameter = |name: &str| json!({ "name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": { "type": "string" } });
    names.map(parameter).collect()
}

fn in_query(query: &Value) -> Vec<Value> {
    let parameters = members(query).into_iter().map(|member| {
        json!({
            "name": member.name,
            "in": "query",
            "required": member.required,
            "description": member.description(),
            "schema": of_parameter(member.schema),
        })
    });
    parameters.collect()
}

/// The price, for programs that plan before they ask. What counts is the 402 itself.
fn payment_info(catalogue: &Catalogue, route: &Route) -> Value {
    let (network, price) = (catalogue.deployment.network(), route.amount());
    let dollars = price.to_string().trim_start_matches('$').to_owned();
    json!({
        "price": match route.unit() {
            None => json!({ "mode": "fixed", "currency": "USD", "amount": dollars }),
            Some(unit) => json!({ "mode": "dynamic", "currency": "USD", "min": dollars, "unit": unit }),
        },
        "protocols": [{ "x402": {
            "scheme": x402::EXACT,
            "network": network.caip2(),
            "asset": network.usdc().address.to_string(),
            "amount": price,
            "payTo": catalogue.pay_to.to_string(),
            "finality": route.delivers_on(),
            "paymentFlow": match route.flow() { Flow::Authorize => "authorize", Flow::Upfront => "upfront" },
        } }],
    })
}

fn operation_responses(route: &Route, shapes: &mut Shapes) -> Value {
    let mut answer = json!({ "description": "The answer." });
    if !route.is_free() {
        answer["description"] = "What was paid for.".into();
        answer["headers"] =
            json!({ "PAYMENT-RESPONSE": header("SettlementResponse: the transaction that paid.") });
    }
    if let Some(schema) = route.response_schema() {
        answer["content"] = json!({ "application/json": { "schema": shapes.refer(schema) } });
    }
    let shared =
        [("400", "BadRequest"), ("402", "PaymentRequired"), ("409", "Conflict"), ("503", "Unavailable")];
    let reference = |name: &str| json!({ "$ref": format!("#/components/responses/{name}") });
    let mut responses = Map::new();
    if !route.is_free() {
        responses.extend(object(shared.map(|(status, name)| (status, reference(name)))));
    }
    responses.insert("200".to_owned(), answer);
    responses.into()
}
