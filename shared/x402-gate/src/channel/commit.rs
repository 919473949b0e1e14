//! A call's name, its charge, and the one change that makes both durable with the answer.

use axum::body::Body;
use http::{Request, StatusCode};
use x402::{B256, BATCH_SETTLEMENT, Binding, PaymentKey, Usdc};

use super::{account::Known, answer::Refused, bid::Bid, call::corrective, handler::ChannelCall};
use crate::{
    Charge, Gate, LedgerError, Payment,
    admit::{attempt, now},
    ledger::{Answer, CallRecord, PaidCall},
    refusal::Refusal,
    run::Run,
    sale::Sale,
};

/// What came of a call whose turn had come.
pub(super) enum Served {
    Charged(Box<CallRecord>),
    /// The handler's own refusal, or a fault of the service: nothing was charged.
    Failed(Answer),
}

/// A call with the name that it has for ever.
pub(super) struct Named {
    call: ChannelCall,
    /// What names the call where the scheme `exact` has a nonce.
    key: PaymentKey,
    at: u64,
}

impl Named {
    pub(super) fn new(gate: &Gate, bid: &Bid, base: Usdc) -> Self {
        let call = ChannelCall { channel: bid.id, base, ceiling: bid.price };
        let key = bid.id.call(gate.0.config.network, bid.config.payer, base);
        Self { call, key, at: now() }
    }

    /// The payment as the handler sees it.
    pub(super) fn payment(&self, bid: &Bid) -> Payment {
        Payment {
            id: self.key.id(),
            scheme: BATCH_SETTLEMENT,
            key: self.key,
            amount: bid.price,
            request_hash: bid.request_hash,
            claimed_at_ms: self.at * 1000,
            run: 1,
            binding: Binding::Plain,
            settled: None,
        }
    }

    /// The request as the handler sees it.
    pub(super) fn request(&self, bid: &Bid) -> Request<Body> {
        let mut request = Request::from_parts(bid.parts.clone(), Body::from(bid.body.clone()));
        request.extensions_mut().insert(self.call);
        request
    }

    /// The call as it is to be charged.
    pub(super) fn paid(
        &self,
        gate: &Gate,
        sale: &Sale,
        bid: &Bid,
        run: Run,
        deposit: Option<(Option<B256>, Usdc)>,
    ) -> Result<PaidCall, Refusal> {
        let mut call = PaidCall {
            channel: bid.id,
            base: self.call.base,
            charge: Charge::within(run.charge, bid.price, &sale.name),
            ceiling: bid.voucher.max_claimable_amount,
            signature: bid.voucher.signature.clone(),
            request_hash: bid.request_hash,
            route: sale.name.clone(),
            attempt: attempt()?,
            deposit,
            answer: run.answer,
            payment: self.key.id(),
            attachment: run.attachment,
            proof: None,
            identifier: bid.identifier.clone(),
        };
        let config = &gate.0.config;
        let proof = config
            .receipts
            .as_ref()
            .map(|signer| signer.call(config, sale.resource_url(), self.key.payer, &call, now()));
        call.proof = proof.and_then(|proof| serde_json::to_string(&proof).ok());
        Ok(call)
    }
}

/// Makes the call durable. One that costs nothing changes nothing, and is not recorded: so it has nothing to record either.
pub(super) async fn commit(
    gate: &Gate,
    bid: &Bid,
    known: &mut Known,
    call: PaidCall,
) -> Result<Served, Refused> {
    if call.charge == Usdc::ZERO {
        return Ok(match call.attachment {
            None => Served::Charged(Box::new(call.into())),
            Some(attachment) => {
                fault(&call.route, &attachment.kind, "an attachment to a call that costs nothing")
            }
        });
    }
    match gate.0.ledger.commit_call(&call).await {
        Ok(true) => {
            if let Some(record) = &mut known.record {
                record.charged = call.base.checked_add(call.charge).unwrap_or(record.charged);
                record.voucher = Some(bid.voucher.clone());
            }
            Ok(Served::Charged(Box::new(call.into())))
        }
        // Another process was first: its call is the one that counts.
        Ok(false) => {
            known.record = gate.0.ledger.channel(bid.id).await.map_err(Refusal::from)?;
            Err(corrective(bid, known))
        }
        Err(LedgerError::AttachmentTaken) => {
            let kind = call.attachment.map(|attachment| attachment.kind).unwrap_or_default();
            Ok(fault(&call.route, &kind, "the attachment's key is taken"))
        }
        Err(LedgerError::NotKnown) => {
            let unclear = "the ledger did not say whether the call is durable; send the same voucher again";
            Err(Refusal::Unavailable(unclear.to_owned()).into())
        }
        Err(error) => Err(Refusal::from(error).into()),
    }
}

fn fault(route: &str, kind: &str, what: &str) -> Served {
    tracing::error!(route, kind, "{what}");
    Served::Failed(Answer::bare(StatusCode::INTERNAL_SERVER_ERROR))
}
