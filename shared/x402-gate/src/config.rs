use std::{sync::Arc, time::Duration};

use x402::{Address, ChannelTerms, Network, Usdc};

use crate::{ReceiptSigner, RefundWallet, UnpaidLimit};

/// What a gate must know about the seller.
#[derive(Clone, Debug)]
pub struct GateConfig {
    /// The service's name, as buyers see it: printable ASCII, 32 characters at most.
    pub service: String,
    /// One sentence about the service.
    pub about: String,
    /// Where payments settle.
    pub network: Network,
    /// Who is paid. One ledger has one payee.
    pub pay_to: Address,
    /// The origin that buyers see, without a trailing slash: `https://rng.example.com`. Part of every request's hash.
    pub public_url: String,
    /// The largest request body that is read, in bytes.
    pub max_request_bytes: usize,
    /// The largest answer that is stored, in bytes.
    pub max_answer_bytes: usize,
    /// How long a settlement may take, from broadcast to proof.
    pub settlement_allowance: Duration,
    /// How long a block may take to be safe: so much longer is a payment alive whose answer waits for that.
    pub safe_allowance: Duration,
    /// How much may have been delivered, in this ledger, on payments that a reorganisation could take back. While it is more, only
    /// routes that deliver on `safe` are sold.
    pub unsafe_limit: Usdc,
    /// How far clocks may be apart.
    pub clock_skew: Duration,
    /// How long a copy of a payment waits for the first one's answer.
    pub copy_wait: Duration,
    /// How long an answer is kept to be sent again. Afterwards its payment gets 410, with the signed receipt.
    pub answer_retention: Duration,
    /// How many payments of one payer may be worked on at a time, in this process.
    pub payer_in_flight: usize,
    /// How often one client may ask without paying; as often as it likes without.
    pub unpaid_limit: Option<UnpaidLimit>,
    /// How many times an hour the work for a payer may fail, unpaid, before it pays first. So does, from then on, whoever made a
    /// settlement impossible after the work was done.
    pub unpaid_failures_an_hour: u32,
    /// Who signs offers, receipts and statuses; nothing is signed without.
    pub receipts: Option<Arc<ReceiptSigner>>,
    /// Where refunds come from; without, what is owed back stays `refund_due` and visible.
    pub refunds: Option<Arc<RefundWallet>>,
    /// On which terms channels are offered beside exact payments; set by [`crate::Gate::with_channels`].
    pub(crate) channels: Option<ChannelTerms>,
}

impl GateConfig {
    /// A configuration with the usual limits: 1 MiB requests, 8 MiB answers, 30 s to settle, 480 s until a block is
    /// safe and $100 delivered before that, 10 s of skew, copies wait 2 s, answers
    /// are kept for a week, 256 payments of a payer at a time, 20 failures an hour. Unpaid requests are not limited.
    #[must_use]
    pub fn new(
        service: impl Into<String>,
        network: Network,
        pay_to: Address,
        public_url: impl Into<String>,
    ) -> Self {
        Self {
            service: service.into(),
            about: String::new(),
            network,
            pay_to,
            public_url: public_url.into(),
            max_request_bytes: 1 << 20,
            max_answer_bytes: 8 << 20,
            settlement_allowance: Duration::from_secs(30),
            safe_allowance: Duration::from_secs(480),
            unsafe_limit: Usdc::from_atomic(100_000_000),
            clock_skew: Duration::from_secs(10),
            copy_wait: Duration::from_secs(2),
            answer_retention: Duration::from_hours(7 * 24),
            payer_in_flight: 256,
            unpaid_limit: None,
            unpaid_failures_an_hour: 20,
            receipts: None,
            refunds: None,
            channels: None,
        }
    }
}
