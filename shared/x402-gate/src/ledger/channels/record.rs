use x402::{
    B256, Bytes, ChannelConfig, ChannelId, PaymentId, RequestHash, Usdc, Voucher, VoucherClaim, VoucherState,
};

use crate::{
    Attachment,
    ledger::{Answer, LedgerError, store::Columns},
};

/// A channel, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChannelRecord {
    pub(crate) id: ChannelId,
    pub(crate) config: ChannelConfig,
    /// What was charged in all.
    pub(crate) charged: Usdc,
    /// The latest voucher; none before the first call.
    pub(crate) voucher: Option<Voucher>,
    /// What was claimed, as last seen.
    pub(crate) claimed: Usdc,
    /// When the oldest call that is not claimed committed, in epoch milliseconds.
    pub(crate) owed_since: Option<i64>,
    /// Why the contract refuses the voucher.
    pub(crate) set_aside: Option<String>,
    /// A refund that is under way.
    pub(crate) refund: Option<PendingRefund>,
}

/// A refund that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PendingRefund {
    pub(crate) amount: Usdc,
    pub(crate) nonce: u64,
    pub(crate) transaction: Option<B256>,
    pub(crate) since: i64,
}

/// A call about to be charged.
#[derive(Clone, Debug)]
pub(crate) struct PaidCall {
    pub(crate) channel: ChannelId,
    pub(crate) base: Usdc,
    pub(crate) charge: Usdc,
    pub(crate) ceiling: Usdc,
    pub(crate) signature: Bytes,
    pub(crate) request_hash: RequestHash,
    pub(crate) route: String,
    pub(crate) attempt: [u8; 16],
    pub(crate) deposit: Option<(Option<B256>, Usdc)>,
    pub(crate) answer: Answer,
    /// What names the call where the scheme `exact` has a payment.
    pub(crate) payment: PaymentId,
    pub(crate) attachment: Option<Attachment>,
    /// What was signed of the answer, as JSON.
    pub(crate) proof: Option<String>,
    /// The client's own name for the purchase.
    pub(crate) identifier: Option<String>,
}

/// A call that was charged.
#[derive(Clone, Debug)]
pub(crate) struct CallRecord {
    pub(crate) base: Usdc,
    pub(crate) charge: Usdc,
    pub(crate) ceiling: Usdc,
    pub(crate) request_hash: RequestHash,
    pub(crate) route: String,
    pub(crate) attempt: Vec<u8>,
    pub(crate) deposit: Option<(Option<B256>, Usdc)>,
    pub(crate) answer: Answer,
    pub(crate) proof: Option<String>,
}

/// A call that was charged at some time, and what it takes to have its answer again.
#[derive(Clone, Debug)]
pub(crate) struct StoredCall {
    pub(crate) call: CallRecord,
    identifier: Option<String>,
    /// In epoch milliseconds, by the ledger's clock.
    committed_at: i64,
}

/// What all channels owe together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owed {
    /// How many owe.
    pub(crate) channels: i64,
    /// How much.
    pub(crate) value: Usdc,
    /// Since when, in epoch milliseconds.
    pub(crate) since: Option<i64>,
    /// What was set aside: vouchers that the contract refuses.
    pub(crate) lost: Usdc,
}

pub(super) const CHANNEL: &str = "id, config, charged, ceiling, signature, claimed, owed_since, set_aside, \
     refund_amount, refund_nonce, refund_tx, changed_at";
pub(super) const CALL: &str = "base, charge, ceiling, request_hash, route, attempt, deposit_tx, \
     deposit_amount, status, headers, body, proof, identifier, committed_at";

impl ChannelRecord {
    pub(super) fn read(row: &impl Columns) -> Result<Self, LedgerError> {
        let id = ChannelId(hash(row, "id")?.ok_or(LedgerError::Corrupt("a channel's id"))?);
        let config = serde_json::from_str(row.text("config")?.unwrap_or_default());
        let refund = usdc(row, "refund_amount")?;
        let ceiling = need(row, "ceiling")?;
        let voucher = row.bytes("signature")?.map(|signature| Voucher {
            channel_id: id,
            max_claimable_amount: ceiling,
            signature: Bytes::copy_from_slice(signature),
        });
        let changed_at = row.number("changed_at")?.unwrap_or_default();
        let transaction = hash(row, "refund_tx")?;
        let nonce = row.number("refund_nonce")?.and_then(|nonce| u64::try_from(nonce).ok());
        Ok(Self {
            id,
            config: config.map_err(|_| LedgerError::Corrupt("a channel's configuration"))?,
            charged: need(row, "charged")?,
            voucher,
            claimed: need(row, "claimed")?,
            owed_since: row.number("owed_since")?,
            set_aside: row.text("set_aside")?.map(str::to_owned),
            refund: refund.zip(nonce).map(|(amount, nonce)| PendingRefund {
                amount,
                nonce,
                transaction,
                since: changed_at,
            }),
        })
    }

    /// What is not claimed yet.
    pub(crate) fn owes(&self) -> Usdc {
        self.charged.checked_sub(self.claimed).unwrap_or_default()
    }

    /// The row of a claim of all that is owed, as far as the channel holds it.
    pub(crate) fn row(&self, balance: Usdc) -> Option<VoucherClaim> {
        let voucher = self.voucher.clone()?;
        Some(VoucherClaim::new(self.config, voucher, self.charged.min(balance)))
    }

    /// The proof that goes with a corrective 402.
    pub(crate) fn voucher_state(&self) -> Option<VoucherState> {
        let voucher = self.voucher.as_ref()?;
        Some(VoucherState {
            signed_max_claimable: voucher.max_claimable_amount,
            signature: voucher.signature.clone(),
        })
    }
}

impl From<PaidCall> for CallRecord {
    fn from(call: PaidCall) -> Self {
        let PaidCall { base, charge, ceiling, request_hash, route, deposit, answer, proof, .. } = call;
        let attempt = call.attempt.to_vec();
        Self { base, charge, ceiling, request_hash, route, attempt, deposit, answer, proof }
    }
}

impl StoredCall {
    pub(super) fn read(row: &impl Columns) -> Result<Self, LedgerError> {
        Ok(Self {
            call: CallRecord::read(row)?,
            identifier: row.text("identifier")?.map(str::to_owned),
            committed_at: row.number("committed_at")?.unwrap_or_default(),
        })
    }

    /// Whether a caller with the right voucher and request may have the answer. Claimed vouchers stand on the chain for anybody to
    /// copy: where the first use had a name, that name tells its buyer, and where it had none the voucher must do, for a while.
    pub(crate) fn is_for(&self, identifier: Option<&str>, unnamed_since: i64) -> bool {
        match &self.identifier {
            Some(name) => identifier == Some(name.as_str()),
            None => self.committed_at >= unnamed_since,
        }
    }
}

impl CallRecord {
    fn read(row: &impl Columns) -> Result<Self, LedgerError> {
        let request = hash(row, "request_hash")?.ok_or(LedgerError::Corrupt("a request's hash"))?;
        let deposit = usdc(row, "deposit_amount")?;
        let transaction = hash(row, "deposit_tx")?;
        Ok(Self {
            base: need(row, "base")?,
            charge: need(row, "charge")?,
            ceiling: need(row, "ceiling")?,
            request_hash: RequestHash(request),
            route: row.text("route")?.unwrap_or_default().to_owned(),
            attempt: row.bytes("attempt")?.unwrap_or_default().to_vec(),
            deposit: deposit.map(|amount| (transaction, amount)),
            answer: Answer::read(row)?.ok_or(LedgerError::Corrupt("an answer"))?,
            proof: row.text("proof")?.map(str::to_owned),
        })
    }
}

pub(super) fn usdc(row: &impl Columns, column: &str) -> Result<Option<Usdc>, LedgerError> {
    let units = row.number(column)?.map(u64::try_from).transpose();
    Ok(units.map_err(|_| LedgerError::Corrupt("an amount"))?.map(Usdc::from_atomic))
}

fn need(row: &impl Columns, column: &str) -> Result<Usdc, LedgerError> {
    usdc(row, column)?.ok_or(LedgerError::Corrupt("an amount"))
}

fn hash(row: &impl Columns, column: &str) -> Result<Option<B256>, LedgerError> {
    let bytes = row.bytes(column)?.map(B256::try_from).transpose();
    bytes.map_err(|_| LedgerError::Corrupt("32 bytes"))
}
