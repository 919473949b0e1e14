//! A buyer whose vouchers are signed before they are sent, so that sellers alone are measured.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use peers::{PRICE, ROUTE, market::Seller};
use reqwest::Client;
use x402::{
    Accept, B256, BATCH_SETTLEMENT, ChannelConfig, ChannelPayload, Deposit, DepositPayload, Network,
    PAYMENT_REQUIRED, PAYMENT_SIGNATURE, PaymentPayload, PaymentRequired, PaymentRequirements, SigningKey,
    Usdc, Voucher, VoucherPayload, decode_header, encode_header,
};

const NETWORK: Network = Network::BaseSepolia;

/// One channel at one seller.
pub(super) struct Channel {
    http: Client,
    url: String,
    key: SigningKey,
    offer: PaymentRequirements,
    config: ChannelConfig,
    /// What was charged, a price a call.
    calls: u64,
}

impl Channel {
    /// Opens a channel that holds enough for `calls` calls, with the first of them.
    pub(super) async fn open(
        seller: &Seller,
        key: SigningKey,
        salt: u64,
        calls: u64,
    ) -> anyhow::Result<Self> {
        let http = Client::builder().no_proxy().build()?;
        let url = seller.url(ROUTE);
        let offer = offer(&http, &url).await?;
        let salt = B256::left_padding_from(&salt.to_be_bytes());
        let config = ChannelConfig::accepting(&offer, key.address(), salt).context("an offer of channels")?;
        let mut channel = Self { http, url, key, offer, config, calls: 0 };
        let first = channel.deposit(calls)?;
        channel.send(&first).await?;
        Ok(channel)
    }

    fn deposit(&mut self, calls: u64) -> anyhow::Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let window = (now - 600, now + self.offer.max_timeout_seconds);
        let amount = Usdc::from_atomic(calls * PRICE);
        let salt = self.config.salt;
        let deposit = Deposit::sign(&self.config, amount, window, salt, NETWORK, &self.key);
        let voucher = self.voucher();
        let channel_config = self.config;
        self.header(ChannelPayload::Deposit(DepositPayload { channel_config, voucher, deposit }))
    }

    /// The headers of the next calls.
    pub(super) fn sign(&mut self, calls: usize) -> anyhow::Result<Vec<String>> {
        let channel_config = self.config;
        let next = |_| {
            let voucher = self.voucher();
            self.header(ChannelPayload::Voucher(VoucherPayload { channel_config, voucher }))
        };
        (0..calls).map(next).collect()
    }

    fn voucher(&mut self) -> Voucher {
        self.calls += 1;
        let ceiling = Usdc::from_atomic(self.calls * PRICE);
        Voucher::sign(self.config.id(NETWORK), ceiling, NETWORK, &self.key)
    }

    fn header(&self, payload: ChannelPayload) -> anyhow::Result<String> {
        Ok(encode_header(&PaymentPayload {
            x402_version: 2,
            resource: None,
            accepted: self.offer.clone(),
            payload: serde_json::to_value(payload)?,
            extensions: None,
        })?)
    }

    /// Sends calls one after the other; the time of each.
    pub(super) async fn spend(&self, headers: &[String]) -> anyhow::Result<Vec<Duration>> {
        let mut took = Vec::with_capacity(headers.len());
        for header in headers {
            took.push(self.send(header).await?);
        }
        Ok(took)
    }

    async fn send(&self, header: &str) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let answer = self.http.get(&self.url).header(PAYMENT_SIGNATURE, header).send().await?;
        let (status, body) = (answer.status(), answer.bytes().await?);
        let took = began.elapsed();
        ensure!(status == 200, "{} answers {status}: {}", self.url, String::from_utf8_lossy(&body));
        Ok(took)
    }
}

async fn offer(http: &Client, url: &str) -> anyhow::Result<PaymentRequirements> {
    let answer = http.get(url).send().await?;
    let header = answer.headers().get(PAYMENT_REQUIRED).context("no offer in the header")?;
    let offer: PaymentRequired = decode_header(header.as_bytes())?;
    let mut offers = offer.accepts.iter().filter_map(Accept::evm);
    offers.find(|offer| offer.scheme == BATCH_SETTLEMENT).cloned().context("no channels are offered")
}
