//! x402-reqwest 2.0.2 as a command: sends one request, pays for it, and prints what came as JSON.
//!
//! The key is the environment variable `PRIVATE_KEY`.

use std::{io::Write, sync::Arc};

use alloy_signer_local::PrivateKeySigner;
use anyhow::ensure;
use clap::Parser;
use peers::variable;
use reqwest::{Client, Method, Request, Response};
use serde_json::{Value, json};
use x402_chain_eip155::{V1Eip155ExactClient, V2Eip155ExactClient};
use x402_reqwest::{ReqwestWithPayments, ReqwestWithPaymentsBuild, X402Client};

/// Pay for a request with x402-reqwest.
#[derive(Parser)]
struct Args {
    /// Pay in version 1 of the protocol. Their client prefers version 2 wherever both are offered, so it is shown the body of the
    /// 402 alone
    #[arg(long)]
    v1: bool,
    /// The method
    method: Method,
    /// The URL
    url: reqwest::Url,
    /// A JSON body
    body: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let signer: Arc<PrivateKeySigner> = Arc::new(variable("PRIVATE_KEY")?.parse()?);
    let client = X402Client::new()
        .register(V1Eip155ExactClient::new(signer.clone()))
        .register(V2Eip155ExactClient::new(signer));
    let request = request(&args)?;
    let http = Client::builder().no_proxy().build()?;
    let answer = if args.v1 {
        pay_v1(&http, &client, request).await?
    } else {
        http.with_payments(client).build().execute(request).await?
    };
    let (status, header) = (answer.status().as_u16(), settlement_header(&answer));
    let body: Value = answer.json().await?;
    let printed = json!({ "status": status, "settlementHeader": header, "body": body });
    writeln!(std::io::stdout().lock(), "{printed}")?;
    Ok(())
}

fn request(args: &Args) -> anyhow::Result<Request> {
    let mut request = Request::new(args.method.clone(), args.url.clone());
    if let Some(body) = &args.body {
        request.headers_mut().insert("content-type", "application/json".parse()?);
        *request.body_mut() = Some(body.clone().into());
    }
    Ok(request)
}

async fn pay_v1<S>(http: &Client, client: &X402Client<S>, request: Request) -> anyhow::Result<Response>
where
    S: x402_types::scheme::client::PaymentSelector,
{
    let mut paid = request.try_clone().ok_or_else(|| anyhow::anyhow!("the request cannot be repeated"))?;
    let unpaid = http.execute(request).await?;
    ensure!(unpaid.status() == 402, "the seller answers {} without a payment", unpaid.status());
    let body_alone = http::Response::builder().status(402).body(unpaid.bytes().await?)?;
    paid.headers_mut().extend(client.make_payment_headers(body_alone.into()).await?);
    Ok(http.execute(paid).await?)
}

/// Which header tells of the settlement.
fn settlement_header(answer: &Response) -> Option<&'static str> {
    ["payment-response", "x-payment-response"].into_iter().find(|name| answer.headers().contains_key(*name))
}
