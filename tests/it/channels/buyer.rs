//! A buyer with a channel, who can be told to cheat.

use alloy_primitives::U256;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use x402::{
    Accept, Address, B256, BATCH_SETTLEMENT, ChannelConfig, ChannelId, ChannelSettlement, ChannelState,
    Deposit, Extensions, Network, PaymentPayload, PaymentRequirements, SigningKey, Usdc, Voucher,
    decode_header, encode_header,
};

use crate::support::{Answer, World, now, random};

pub(crate) const NETWORK: Network = Network::BaseSepolia;

pub(crate) const fn usdc(units: u64) -> Usdc {
    Usdc::from_atomic(units)
}

pub(crate) struct Buyer {
    pub(crate) key: SigningKey,
    pub(crate) config: ChannelConfig,
    pub(crate) offer: PaymentRequirements,
}

impl Buyer {
    /// A buyer who has read the offer of `/authorize`, and has no channel yet.
    pub(crate) async fn new(world: &World, index: usize) -> Self {
        let key = world.buyer(index);
        let offer = channel_offer(world, "/authorize", &json!({})).await;
        let config = ChannelConfig::accepting(&offer, key.address(), B256::ZERO).expect("terms");
        Self { key, config, offer }
    }

    /// A buyer with a dollar in a channel, and one call made.
    pub(crate) async fn opened(world: &World, index: usize) -> Self {
        let buyer = Self::new(world, index).await;
        let answer = buyer.open(world, 1_000_000).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        buyer
    }

    pub(crate) async fn open(&self, world: &World, amount: u64) -> Answer {
        Answer::of(self.post(world, "/authorize", &json!({}), self.deposit(amount, 10_000, random()))).await
    }

    pub(crate) fn id(&self) -> ChannelId {
        self.config.id(NETWORK)
    }

    pub(crate) fn voucher(&self, ceiling: u64) -> Voucher {
        Voucher::sign(self.id(), usdc(ceiling), NETWORK, &self.key)
    }

    /// The payload for a call, by a voucher up to `ceiling`.
    pub(crate) fn spend(&self, ceiling: u64) -> Value {
        json!({ "type": "voucher", "channelConfig": self.config, "voucher": self.voucher(ceiling) })
    }

    pub(crate) fn deposit(&self, amount: u64, ceiling: u64, salt: B256) -> Value {
        let window = (0, now() + self.offer.max_timeout_seconds);
        let deposit = Deposit::sign(&self.config, usdc(amount), window, salt, NETWORK, &self.key);
        json!({
            "type": "deposit", "channelConfig": self.config, "voucher": self.voucher(ceiling), "deposit": deposit,
        })
    }

    pub(crate) fn refund(&self, charged: u64, amount: Option<u64>) -> Value {
        let mut payload =
            json!({ "type": "refund", "channelConfig": self.config, "voucher": self.voucher(charged) });
        if let Some(amount) = amount {
            payload["amount"] = amount.to_string().into();
        }
        payload
    }

    pub(crate) fn post(&self, world: &World, target: &str, body: &Value, payload: Value) -> RequestBuilder {
        self.post_to(&world.url(target), world, body, payload)
    }

    pub(crate) fn post_to(&self, url: &str, world: &World, body: &Value, payload: Value) -> RequestBuilder {
        world
            .http
            .post(url)
            .header("accept", "*/*")
            .header("content-type", "application/json")
            .header("payment-signature", header(&self.offer, payload))
            .body(body.to_string())
    }

    /// A call of `/authorize` by a voucher up to `ceiling`.
    pub(crate) async fn call(&self, world: &World, note: &str, ceiling: u64) -> Answer {
        Answer::of(self.post(world, "/authorize", &json!({ "note": note }), self.spend(ceiling))).await
    }
}

pub(crate) fn header(offer: &PaymentRequirements, payload: Value) -> String {
    header_with(offer, payload, None)
}

pub(crate) fn header_with(
    offer: &PaymentRequirements,
    payload: Value,
    extensions: Option<Extensions>,
) -> String {
    let payment =
        PaymentPayload { x402_version: 2, resource: None, accepted: offer.clone(), payload, extensions };
    encode_header(&payment).expect("encodes")
}

pub(crate) async fn channel_offer(world: &World, target: &str, body: &Value) -> PaymentRequirements {
    let offer = world.offer_for(target, body).await;
    let mut offers = offer.accepts.iter().filter_map(Accept::evm);
    offers.find(|offer| offer.scheme == BATCH_SETTLEMENT).expect("channels are offered").clone()
}

impl Answer {
    pub(crate) fn paid(&self) -> ChannelSettlement {
        let header = self.headers.get("payment-response").expect("PAYMENT-RESPONSE");
        decode_header(header.as_bytes()).expect("a settlement")
    }

    pub(crate) fn charged(&self) -> u64 {
        assert_eq!(self.status, 200, "{}", self.json());
        self.paid().extra.and_then(|extra| extra.charged_amount).expect("a charge").atomic()
    }

    pub(crate) fn state(&self) -> ChannelState {
        self.paid().extra.and_then(|extra| extra.channel_state).expect("a state")
    }

    /// What a corrective 402 says was charged, if its voucher proves it.
    pub(crate) fn correction(&self, signer: Address) -> u64 {
        assert_eq!(self.status, 402, "{}", self.json());
        assert!(
            !self.headers.contains_key("payment-response"),
            "stock clients would not read the correction"
        );
        let offer = self.offer();
        assert_eq!(offer.error.as_deref(), Some("invalid_batch_settlement_evm_cumulative_amount_mismatch"));
        let corrected =
            offer.accepts.iter().filter_map(Accept::evm).find_map(PaymentRequirements::correction);
        let (state, voucher) = corrected.expect("a correction");
        let charged = state.charged_cumulative_amount.expect("what was charged");
        if let Some(voucher) = voucher {
            let (channel_id, max_claimable_amount) = (state.channel_id, voucher.signed_max_claimable);
            let voucher = Voucher { channel_id, max_claimable_amount, signature: voucher.signature };
            assert_eq!(voucher.recover(NETWORK), Ok(signer));
            assert!(charged <= voucher.max_claimable_amount);
        }
        charged.atomic()
    }
}

/// Balance and total claimed on the chain.
pub(crate) async fn on_chain(world: &World, id: ChannelId) -> (u64, u64) {
    let chain = x402_facilitator::Chain::new(NETWORK, world.chain.rpc_url().parse().expect("a URL"));
    let (_, state) = chain.expect("a chain").channel(id).await.expect("read");
    (state.balance.atomic(), state.total_claimed.atomic())
}

/// Does as the payer does to the settlement contract.
pub(crate) async fn act(world: &World, from: Address, call: impl alloy_sol_types::SolCall) {
    let data = x402::Bytes::from(call.abi_encode());
    let transaction = json!({ "from": from, "to": x402::SETTLEMENT_CONTRACT, "data": data });
    let receipt: Value = world.chain.rpc("eth_sendTransactionSync", [transaction]).await.expect("sent");
    assert_eq!(receipt["status"], json!(U256::ONE), "{receipt}");
}
