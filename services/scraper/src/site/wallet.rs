//! The wallet of the page at `/`, on a chain on this machine only: the page buys as anybody would, over HTTP, from this very service,
//! with play money. On a network with real money, or a public one, there is none, and nobody's key is ever asked for.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{Json, http::StatusCode};
use clap::Args;
use reqwest::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_kit::{Context, Deployment, JsonBody, KeyFile, Problem, StartError};
use url::Url;
use x402::{
    Accept, Authorization, B256, Network, PaymentNonce, PaymentPayload, PaymentRequired, SettlementResponse,
    SigningKey, decode_header, encode_header,
};

use super::rendered;

/// How long a purchase may take: as long as the scrape, and its settlement.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the page pays with.
#[derive(Args, Clone, Debug)]
pub struct WalletArgs {
    /// On the devnet: the key that the page at / pays with. Without it the page only shows how to pay.
    #[arg(long, value_name = "FILE")]
    demo_wallet_file: Option<KeyFile>,
}

/// A wallet with play money.
#[derive(Clone)]
pub(super) struct DemoWallet {
    key: SigningKey,
    origin: String,
    http: Client,
}

/// What the page asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Purchase {
    url: Url,
    screenshot: bool,
}

/// What became of it.
#[derive(Serialize)]
pub(super) struct Receipt {
    /// The status of the paid request.
    status: u16,
    /// The answer, or the problem.
    answer: Value,
    /// The content's Markdown, as the document that the page puts into a frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    rendered: Option<String>,
    /// What was paid, and in which transaction. Nothing where nothing was charged.
    settlement: Option<SettlementResponse>,
    payer: String,
    price: String,
    elapsed_ms: u128,
}

impl WalletArgs {
    /// Opens the wallet, where one may be.
    ///
    /// # Errors
    /// [`StartError`] where it is named on a network that is not this machine's.
    pub(super) fn open(self, context: &Context) -> Result<Option<Arc<DemoWallet>>, StartError> {
        let Some(file) = self.demo_wallet_file else { return Ok(None) };
        if context.deployment() != Deployment::Devnet {
            let hint = "leave it out: on a public network everybody pays with a wallet of their own";
            return Err(StartError::config("--demo-wallet-file is for the devnet only", hint));
        }
        let key = SigningKey::from_bytes(&*context.secret(&file)?)
            .map_err(StartError::failed("reading the demo wallet"))?;
        let http = Client::builder().no_proxy().timeout(PATIENCE).build();
        let http = http.map_err(StartError::failed("making the demo's client"))?;
        let origin = context.selling()?.public_url.clone();
        tracing::warn!(payer = %key.address(), "the page at / pays with a wallet of this service: play money only");
        Ok(Some(Arc::new(DemoWallet { key, origin, http })))
    }
}

/// `POST /demo`: buys a scrape for the page, with the wallet of the devnet.
///
/// # Errors
/// A problem where the purchase itself failed. A refused scrape is an answer.
pub(super) async fn pay(
    wallet: Arc<DemoWallet>,
    JsonBody(purchase): JsonBody<Purchase>,
) -> Result<Json<Receipt>, Problem> {
    wallet
        .buy(&purchase)
        .await
        .map(Json)
        .map_err(|error| Problem::new(StatusCode::BAD_GATEWAY, "purchase_failed", error.to_string()))
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl DemoWallet {
    async fn buy(&self, purchase: &Purchase) -> Result<Receipt, Failure> {
        let began = Instant::now();
        let formats: &[&str] = if purchase.screenshot { &["markdown", "screenshot"] } else { &["markdown"] };
        let request = json!({ "url": purchase.url, "formats": formats });
        let post = || self.http.post(format!("{}/v1/scrape", self.origin)).json(&request);
        let offer = post().send().await?;
        let offer = offer.headers().get("payment-required").ok_or("the service made no offer")?;
        let offer: PaymentRequired = decode_header(offer.as_bytes())?;
        let (payment, price) = self.sign(&offer)?;
        let answer = post().header("payment-signature", payment).send().await?;
        let settlement =
            answer.headers().get("payment-response").map(|header| decode_header(header.as_bytes()));
        let status = answer.status().as_u16();
        let answer: Value = answer.json().await?;
        Ok(Receipt {
            status,
            settlement: settlement.transpose()?,
            rendered: answer.pointer("/content/markdown").and_then(Value::as_str).map(rendered::document),
            answer,
            payer: self.key.address().to_string(),
            price,
            elapsed_ms: began.elapsed().as_millis(),
        })
    }

    fn sign(&self, offer: &PaymentRequired) -> Result<(String, String), Failure> {
        let accepted = offer.accepts.iter().find_map(Accept::evm).ok_or("the service takes no USDC")?.clone();
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|error| error.to_string())?;
        let authorization = Authorization {
            from: self.key.address(),
            to: accepted.pay_to,
            value: accepted.amount,
            valid_after: now.saturating_sub(600),
            valid_before: now + accepted.max_timeout_seconds,
            nonce: PaymentNonce(B256::from(nonce)),
        };
        let price = accepted.amount.to_string();
        let payload = serde_json::to_value(authorization.sign(&Network::BaseSepolia.usdc(), &self.key))?;
        let payment = PaymentPayload { x402_version: 2, resource: None, accepted, payload, extensions: None };
        Ok((encode_header(&payment)?, price))
    }
}
