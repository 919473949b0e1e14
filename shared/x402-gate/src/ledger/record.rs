use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use x402::{B256, Finality, PaymentId, PaymentKey, PaymentNonce, RequestHash, SettleRequest, Usdc};
use x402_facilitator::Settled;

use super::{LedgerError, store::Columns};
use crate::{
    Attachment, Flow,
    state::{Money, Work},
};

/// A claim about to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewPayment {
    pub(crate) key: PaymentKey,
    pub(crate) amount: Usdc,
    pub(crate) route: String,
    pub(crate) flow: Flow,
    pub(crate) request_hash: RequestHash,
    pub(crate) request: Option<Vec<u8>>,
    pub(crate) settlement: SettleRequest,
    pub(crate) bound: bool,
    /// The client's own name for the purchase, one for each payer and route.
    pub(crate) identifier: Option<String>,
    pub(crate) valid_before: u64,
    pub(crate) claimed_block: u64,
    /// What the payer held at `claimed_block`; what it has promised since never exceeds it.
    pub(crate) balance: Usdc,
    pub(crate) attempt: [u8; 16],
    pub(crate) lease_ms: i64,
}

/// What came of a claim.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is ours to work on.
    Won(Box<Record>),
    /// The payment was claimed before, or the purchase was, by the client's identifier, with another payment.
    Lost(Box<Record>),
    /// The payer's other open claims and this price exceed what it holds.
    Overcommitted,
}

/// A committed answer, as it will be delivered every time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// One payment, as stored.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: PaymentId,
    pub(crate) key: PaymentKey,
    pub(crate) amount: Usdc,
    pub(crate) route: String,
    pub(crate) flow: Flow,
    pub(crate) request_hash: RequestHash,
    pub(crate) request: Option<Vec<u8>>,
    pub(crate) settlement: SettleRequest,
    pub(crate) bound: bool,
    pub(crate) identifier: Option<String>,
    pub(crate) valid_before: u64,
    pub(crate) claimed_block: u64,
    pub(crate) claimed_at: i64,
    pub(crate) changed_at: i64,
    pub(crate) money: Money,
    pub(crate) work: Work,
    pub(crate) runs: u32,
    pub(crate) fence: i64,
    /// Whether somebody works on it now, by the database's clock.
    pub(crate) leased: bool,
    pub(crate) reason: Option<String>,
    /// None where nothing was answered, or the answer is not kept any more.
    pub(crate) answer: Option<Answer>,
    /// What was signed of it: extensions of the settlement's response, JSON.
    pub(crate) proof: Option<String>,
    pub(crate) transaction: Option<B256>,
    pub(crate) settled: Option<Settled>,
    /// Whether a reorganisation ever took a settlement back.
    pub(crate) reorged: bool,
    /// What is to be given back of it, once it has settled.
    pub(crate) owed: Option<Usdc>,
    pub(crate) refund: Refunding,
    /// The transaction that may have given it back.
    pub(crate) refund_transaction: Option<B256>,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refunding {
    /// Nothing may have been signed.
    NotBegun,
    /// Its amount stands in the ledger and counts against the day's budget; it may have been sent.
    Reserved,
    /// The chain shows it.
    Done,
}

/// A change of one payment: refused unless the row is still where `from` says, under the same fence.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) id: PaymentId,
    pub(crate) fence: i64,
    pub(crate) from: (Money, Work),
    pub(crate) to: (Money, Work),
    pub(crate) runs: u32,
    /// How long the caller goes on working; 0 lets go.
    pub(crate) lease_ms: i64,
    pub(crate) reason: Option<String>,
    pub(crate) answer: Option<Answer>,
    pub(crate) attachment: Option<Attachment>,
    pub(crate) proof: Option<String>,
    pub(crate) transaction: Option<B256>,
    pub(crate) settled: Option<Settled>,
    /// What is to be given back, once the payment has settled.
    pub(crate) owed: Option<Usdc>,
}

impl Answer {
    /// Headers as JSON pairs, so that a repeated or binary value survives.
    pub(crate) fn headers_json(&self) -> String {
        let pairs = self.headers.iter().map(|(name, value)| (name.as_str(), hex::encode(value)));
        serde_json::Value::from_iter(pairs.map(|(name, value)| serde_json::json!([name, value]))).to_string()
    }

    pub(super) fn read(row: &impl Columns) -> Result<Option<Self>, LedgerError> {
        let (Some(status), Some(body)) = (row.number("status")?, row.bytes("body")?) else { return Ok(None) };
        let pairs: Vec<(String, String)> = serde_json::from_str(text(row, "headers")?)
            .map_err(|_| LedgerError::Corrupt("headers of an answer"))?;
        let headers = pairs.into_iter().map(|(name, value)| {
            let value = hex::decode(value).map_err(|_| LedgerError::Corrupt("header value"))?;
            let name = name.parse::<HeaderName>().map_err(|_| LedgerError::Corrupt("header name"))?;
            HeaderValue::from_bytes(&value)
                .map(|value| (name, value))
                .map_err(|_| LedgerError::Corrupt("header value"))
        });
        Ok(Some(Self {
            status: u16::try_from(status)
                .ok()
                .and_then(|status| StatusCode::from_u16(status).ok())
                .ok_or(LedgerError::Corrupt("status"))?,
            headers: headers.collect::<Result<_, _>>()?,
            body: Bytes::copy_from_slice(body),
        }))
    }
}

impl Record {
    pub(super) fn read(row: &impl Columns) -> Result<Self, LedgerError> {
        let key = PaymentKey {
            chain_id: unsigned(row, "chain_id")?,
            asset: fixed(row, "asset")?.into(),
            payer: fixed(row, "payer")?.into(),
            nonce: PaymentNonce(fixed(row, "nonce")?.into()),
        };
        Ok(Self {
            id: PaymentId(fixed(row, "id")?.into()),
            key,
            amount: Usdc::from_atomic(unsigned(row, "amount")?),
            route: text(row, "route")?.to_owned(),
            flow: if text(row, "flow")? == "upfront" { Flow::Upfront } else { Flow::Authorize },
            request_hash: RequestHash(fixed(row, "request_hash")?.into()),
            request: row.bytes("request")?.map(<[u8]>::to_vec),
            settlement: serde_json::from_str(text(row, "settlement")?)
                .map_err(|_| LedgerError::Corrupt("settlement"))?,
            bound: row.flag("bound")?,
            identifier: row.text("identifier")?.map(ToOwned::to_owned),
            valid_before: unsigned(row, "valid_before")?,
            claimed_block: unsigned(row, "claimed_block")?,
            claimed_at: number(row, "claimed_at")?,
            changed_at: number(row, "changed_at")?,
            money: word(row, "money", &Money::ALL, Money::as_str)?,
            work: word(row, "work", &Work::ALL, Work::as_str)?,
            runs: number(row, "runs")?.try_into().map_err(|_| LedgerError::Corrupt("runs"))?,
            fence: number(row, "fence")?,
            leased: row.flag("leased")?,
            reason: row.text("reason")?.map(ToOwned::to_owned),
            answer: Answer::read(row)?,
            proof: row.text("proof")?.map(ToOwned::to_owned),
            transaction: hash(row, "tx_hash")?,
            settled: settled(row)?,
            owed: row
                .number("owed")?
                .map(u64::try_from)
                .transpose()
                .map_err(|_| LedgerError::Corrupt("owed"))?
                .map(Usdc::from_atomic),
            refund: match (row.number("refund_at")?, row.number("refunded_at")?) {
                (None, _) => Refunding::NotBegun,
                (Some(_), None) => Refunding::Reserved,
                (Some(_), Some(_)) => Refunding::Done,
            },
            reorged: row.number("reorged_at")?.is_some(),
            refund_transaction: hash(row, "refund_tx")?,
        })
    }

    /// What is, or was, owed back of what was paid.
    pub(crate) fn debt(&self) -> Option<Usdc> {
        self.settled.and(self.owed)
    }
}

fn settled(row: &impl Columns) -> Result<Option<Settled>, LedgerError> {
    let (Some(transaction), Some(block_hash)) = (hash(row, "tx_hash")?, hash(row, "block_hash")?) else {
        return Ok(None);
    };
    let (block_number, log_index) = (unsigned(row, "block_number")?, unsigned(row, "log_index")?);
    let gas_used = unsigned(row, "gas_used")?;
    let finality = word(row, "finality", &Finality::ALL, Finality::as_str)?;
    Ok(Some(Settled { transaction, block_hash, block_number, log_index, gas_used, finality }))
}

fn hash(row: &impl Columns, column: &'static str) -> Result<Option<B256>, LedgerError> {
    let bytes = row.bytes(column)?;
    bytes.map(|bytes| B256::try_from(bytes).map_err(|_| LedgerError::Corrupt(column))).transpose()
}

fn fixed<const N: usize>(row: &impl Columns, column: &'static str) -> Result<[u8; N], LedgerError> {
    let bytes = row.bytes(column)?.unwrap_or_default();
    bytes.try_into().map_err(|_| LedgerError::Corrupt(column))
}

fn number(row: &impl Columns, column: &'static str) -> Result<i64, LedgerError> {
    row.number(column)?.ok_or(LedgerError::Corrupt(column))
}

fn unsigned(row: &impl Columns, column: &'static str) -> Result<u64, LedgerError> {
    number(row, column)?.try_into().map_err(|_| LedgerError::Corrupt(column))
}

fn text<'r>(row: &'r impl Columns, column: &'static str) -> Result<&'r str, LedgerError> {
    row.text(column)?.ok_or(LedgerError::Corrupt(column))
}

fn word<T: Copy>(
    row: &impl Columns,
    column: &'static str,
    all: &[T],
    as_str: impl Fn(T) -> &'static str,
) -> Result<T, LedgerError> {
    let word = text(row, column)?;
    all.iter().copied().find(|value| as_str(*value) == word).ok_or(LedgerError::Corrupt(column))
}
