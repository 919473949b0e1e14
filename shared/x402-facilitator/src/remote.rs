use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Method, RequestBuilder};
use tokio::time::Instant;
use url::Url;
use x402::{
    Authorization, B256, ChannelSettlement, ChannelVerifyResponse, ErrorReason, SettleRequest,
    SettlementResponse, SupportedResponse, VerifyRequest, VerifyResponse,
};

use crate::{
    admission::{Rejection, admit, payer, terms},
    chain::{Chain, PaymentState, Receipt},
    channel::{self, ChannelOutcome, ChannelReceipt, ChannelVerification},
    facilitator::{Facilitator, FacilitatorError, SettleOutcome, Verification},
    http::{self, ClientError, Fault, fetch},
};

/// Asks a facilitator over HTTP. Its word alone moves nothing here: a settlement counts when the chain shows it.
pub struct RemoteFacilitator {
    client: Client,
    base_url: Url,
    chain: Chain,
    settings: RemoteSettings,
}

/// How a remote facilitator is asked.
#[derive(Clone)]
pub struct RemoteSettings {
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer of /verify and /supported may take.
    pub verify_timeout: Duration,
    /// How long an answer of /settle may take.
    pub settle_timeout: Duration,
    /// How long our own RPC may lag behind the facilitator's.
    pub confirm_timeout: Duration,
    /// Sent as `Authorization: Bearer`.
    pub bearer_token: Option<String>,
}

/// What a facilitator said of a settlement, when it proved nothing.
struct Word {
    transaction: Option<B256>,
    receipt: Option<Receipt>,
    /// Why no transaction of the facilitator can move the money any more, if so.
    dead: Option<ErrorReason>,
    detail: String,
}

impl Default for RemoteSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            verify_timeout: Duration::from_secs(10),
            settle_timeout: Duration::from_secs(40),
            confirm_timeout: Duration::from_secs(10),
            bearer_token: None,
        }
    }
}

impl RemoteFacilitator {
    /// A facilitator at a base URL, under which `/verify`, `/settle` and `/supported` lie. `chain` is how its word is checked.
    ///
    /// # Errors
    /// [`ClientError`] when the system cannot do HTTPS.
    pub fn new(base_url: Url, chain: Chain, settings: RemoteSettings) -> Result<Self, ClientError> {
        let client = http::client(settings.connect_timeout)?;
        Ok(Self { client, base_url, chain, settings })
    }

    /// The chain its word is checked on.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    async fn examine(&self, request: &VerifyRequest) -> Result<Verification, Rejection> {
        let payer = admit(&self.chain, request).await?.payload.authorization.from;
        // The head is read before the facilitator looks at the nonce, so that no settlement can hide behind it.
        let (head, balance) = tokio::try_join!(self.chain.head(), self.chain.balance_of(payer))?;
        let asked = self.request(Method::POST, "verify", self.settings.verify_timeout).json(request);
        let answer: VerifyResponse = fetch(asked).await?;
        match (answer.is_valid, answer.payer) {
            (true, Some(other)) if other != payer => {
                Err(FacilitatorError::BadAnswer(format!("{other} pays, not {payer}")).into())
            }
            (true, _) => Ok(Verification::Valid { payer, head, balance }),
            (false, _) => {
                let reason = answer.invalid_reason.unwrap_or(ErrorReason::INVALID_PAYLOAD);
                Ok(Verification::Invalid { reason, payer: Some(payer) })
            }
        }
    }

    /// What an answer of /settle is worth.
    async fn check(&self, answer: SettlementResponse, authorization: &Authorization) -> SettleOutcome {
        let receipt = self.receipt(&answer).await;
        let proof = receipt.as_ref().and_then(|receipt| self.chain.settlement(receipt, authorization));
        if let Some(settled) = proof {
            return SettleOutcome::Settled(settled);
        }
        let dead = is_dead(&answer, receipt.is_some());
        let reason = answer.error_reason.unwrap_or(ErrorReason::UNEXPECTED_SETTLE_ERROR);
        let detail = match answer.success {
            true => "the facilitator says settled, and the chain does not show it".to_owned(),
            false => format!("the facilitator says {reason}"),
        };
        let word = Word { transaction: answer.transaction, receipt, dead: dead.then_some(reason), detail };
        self.ask_chain(authorization, word).await
    }

    /// The receipt of the transaction that an answer names. It is waited for where there must be one.
    async fn receipt(&self, answer: &SettlementResponse) -> Option<Receipt> {
        let patience = if answer.success { self.settings.confirm_timeout } else { Duration::ZERO };
        self.chain.receipt_by(answer.transaction?, Instant::now() + patience).await
    }

    /// What the chain says where the facilitator proves nothing.
    async fn ask_chain(&self, authorization: &Authorization, word: Word) -> SettleOutcome {
        let Word { transaction, receipt, dead, detail } = word;
        let state = self.chain.recent_payment_state(authorization).await;
        let burned = ErrorReason::AUTHORIZATION_BURNED;
        match (state, dead) {
            (Ok(PaymentState::Settled(settled)), _) => SettleOutcome::Settled(settled),
            (Ok(PaymentState::Burned), _) => SettleOutcome::Failed { reason: burned, transaction },
            (Ok(PaymentState::Unused { head }), Some(reason)) if head.covers(receipt.as_ref()).is_ok() => {
                SettleOutcome::Failed { reason, transaction }
            }
            (Ok(PaymentState::Unused { .. }), _) => SettleOutcome::Unknown { transaction, detail },
            (Err(error), _) => SettleOutcome::Unknown { transaction, detail: format!("{detail}; {error}") },
        }
    }

    fn request(&self, method: Method, endpoint: &str, timeout: Duration) -> RequestBuilder {
        let mut url = self.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(endpoint);
        }
        let request = self.client.request(method, url).timeout(timeout);
        match &self.settings.bearer_token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

#[async_trait]
impl Facilitator for RemoteFacilitator {
    async fn verify(&self, request: &VerifyRequest) -> Result<Verification, FacilitatorError> {
        match self.examine(request).await {
            Ok(verification) => Ok(verification),
            Err(Rejection::Invalid(reason)) => Ok(Verification::Invalid { reason, payer: payer(request) }),
            Err(Rejection::Unavailable(error)) => Err(error),
        }
    }

    async fn settle(&self, request: &SettleRequest) -> Result<SettleOutcome, FacilitatorError> {
        // The proof is about the authorization, so the authorization must be what was asked for.
        let authorization = match terms(request, self.chain.network()) {
            Ok(payload) => payload.authorization,
            Err(reason) => return Ok(SettleOutcome::Failed { reason, transaction: None }),
        };
        let asked = self.request(Method::POST, "settle", self.settings.settle_timeout).json(request);
        match fetch(asked).await {
            Ok(answer) => Ok(self.check(answer, &authorization).await),
            Err(Fault::NotDone(error)) => Err(error),
            Err(Fault::Unsure(error)) => {
                let word = Word { transaction: None, receipt: None, dead: None, detail: error.to_string() };
                Ok(self.ask_chain(&authorization, word).await)
            }
        }
    }

    async fn verify_channel(&self, request: &VerifyRequest) -> Result<ChannelVerification, FacilitatorError> {
        let invalid = |reason| ChannelVerification::Invalid { reason, payer: channel::payer(request) };
        let payload = request.payment_payload.channel().ok();
        let Some(id) = payload.as_ref().and_then(|payload| payload.channel_id(self.chain.network())) else {
            return Ok(invalid(ErrorReason::CHANNEL_ID_MISMATCH));
        };
        let asked = self.request(Method::POST, "verify", self.settings.verify_timeout).json(request);
        let answer: ChannelVerifyResponse = fetch(asked).await?;
        match channel::payer(request) {
            Some(payer) if answer.is_valid => {
                let (head, state) = self.chain.channel(id).await?;
                Ok(ChannelVerification::Valid { payer, channel: id, state, head })
            }
            _ => Ok(invalid(answer.invalid_reason.unwrap_or(ErrorReason::INVALID_PAYLOAD))),
        }
    }

    async fn settle_channel(&self, request: &SettleRequest) -> Result<ChannelOutcome, FacilitatorError> {
        let asked = self.request(Method::POST, "settle", self.settings.settle_timeout).json(request);
        let answer: ChannelSettlement = match fetch(asked).await {
            Ok(answer) => answer,
            Err(Fault::NotDone(error)) => return Err(error),
            Err(Fault::Unsure(error)) => {
                return Ok(ChannelOutcome::Unknown { transaction: None, detail: error.to_string() });
            }
        };
        let transaction = answer.transaction;
        let patience = if answer.success { self.settings.confirm_timeout } else { Duration::ZERO };
        let receipt = match transaction {
            Some(hash) => self.chain.receipt_by(hash, Instant::now() + patience).await,
            None => None,
        };
        Ok(match receipt {
            Some(receipt) if answer.success && receipt.is_success() => ChannelOutcome::Done(ChannelReceipt {
                transaction: receipt.transaction_hash(),
                block_number: receipt.block_number().unwrap_or_default(),
                gas_used: receipt.gas_used(),
                moved: answer.amount,
                state: None,
            }),
            _ => {
                let reason = answer.error_reason.unwrap_or(ErrorReason::UNEXPECTED_SETTLE_ERROR);
                ChannelOutcome::Unknown { transaction, detail: format!("the facilitator says {reason}") }
            }
        })
    }

    async fn supported(&self) -> Result<SupportedResponse, FacilitatorError> {
        let asked = self.request(Method::GET, "supported", self.settings.verify_timeout);
        Ok(fetch(asked).await?)
    }
}

/// Whether a failure rules out that a transaction of this facilitator still comes. Facilitators report failure also when
/// they merely stopped waiting, so it takes a transaction in a block, or a refusal that comes before any sending.
fn is_dead(answer: &SettlementResponse, mined: bool) -> bool {
    let refused = || answer.transaction.is_none() && answer.error_reason.as_ref().is_some_and(is_refusal);
    !answer.success && (mined || refused())
}

/// Not among them: a nonce that is used, since this very payment may have used it.
fn is_refusal(reason: &ErrorReason) -> bool {
    const REFUSALS: [ErrorReason; 7] = [
        ErrorReason::INSUFFICIENT_FUNDS,
        ErrorReason::INVALID_NETWORK,
        ErrorReason::INVALID_PAYLOAD,
        ErrorReason::INVALID_REQUIREMENTS,
        ErrorReason::INVALID_SCHEME,
        ErrorReason::UNSUPPORTED_SCHEME,
        ErrorReason::INVALID_VERSION,
    ];
    let of_payload = reason.as_str().starts_with("invalid_exact_evm_payload_");
    REFUSALS.contains(reason) || (of_payload && *reason != ErrorReason::NONCE_USED)
}
