use std::fs;

use anyhow::Context as _;
use bytes::Bytes;
use reqwest::Method;
use serde::Serialize;
use x402_buyer::{Answer, Body, Request, RequestError, Terms};

use crate::{
    args::Pay,
    buy,
    context::Context,
    exit::{Exit, Usage},
    output,
    purchase::Summary,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    status: u16,
    body: Body,
    purchase: Option<Summary>,
}

pub(crate) async fn run(context: &Context, command: Pay) -> anyhow::Result<Exit> {
    let request = request(&command)?;
    let terms = Terms { max_price: command.max, budget: command.purchasing.budget, ..Terms::default() };
    let sent = buy::send(context, &request, &terms, command.purchasing.calls).await;
    let answer = sent.inspect_err(buy::show_refusal)?;
    show(&answer, command.purchasing.save.as_deref(), command.purchasing.json)
}

/// Prints an answer: its body as it is, and what it cost.
pub(crate) fn show(answer: &Answer, save: Option<&std::path::Path>, json: bool) -> anyhow::Result<Exit> {
    if !json {
        output::bytes(&answer.body)?;
    }
    let purchase = Summary::of(answer, save)?;
    let proven = purchase.as_ref().is_none_or(Summary::is_proven);
    match &purchase {
        _ if json => {}
        Some(purchase) => purchase.show(),
        None => output::note(format_args!(
            "not paid     the seller answered {} without asking for payment",
            answer.status
        )),
    }
    if json {
        output::json(&Printed { status: answer.status.as_u16(), body: Body(answer.body.clone()), purchase })?;
    }
    Ok(match answer.status.is_success() {
        true if proven => Exit::Done,
        true => Exit::NotVerified,
        false => Exit::Unavailable,
    })
}

fn request(command: &Pay) -> anyhow::Result<Request> {
    let method = match (&command.request, &command.body) {
        (Some(method), _) => Method::from_bytes(method.to_ascii_uppercase().as_bytes())
            .map_err(|_| RequestError::Method(method.clone()))?,
        (None, Some(_)) => Method::POST,
        (None, None) => Method::GET,
    };
    let mut request = Request::new(method, &command.url)?;
    if let Some(data) = &command.body {
        request = request.with_body("application/json", body(data)?)?;
    }
    for header in &command.headers {
        let (name, value) = header.split_once(':').ok_or_else(|| RequestError::Header(header.clone()))?;
        request = request.with_header(name.trim(), value.trim())?;
    }
    Ok(request)
}

fn body(data: &str) -> anyhow::Result<Bytes> {
    match data.strip_prefix('@') {
        Some(path) => Ok(fs::read(path).with_context(|| Usage(path.to_owned()))?.into()),
        None => Ok(data.to_owned().into()),
    }
}
