use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sqlx::{Row, sqlite::SqliteRow};
use x402::{Address, B256, PaymentId, PaymentKey, PaymentNonce, RequestHash, SettleRequest, Usdc};
use x402_facilitator::Settled;

use super::LedgerError;
use crate::{
    Flow,
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
    pub(crate) valid_before: u64,
    pub(crate) claimed_block: u64,
    /// What the payer holds; open claims of one payer never exceed it.
    pub(crate) balance: Usdc,
    pub(crate) attempt: [u8; 16],
    pub(crate) lease_ms: i64,
}

/// What came of a claim.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is ours to work on.
    Won(Box<Record>),
    /// The payment was claimed before.
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
    pub(crate) answer: Option<Answer>,
    pub(crate) transaction: Option<B256>,
    pub(crate) settled: Option<Settled>,
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
    pub(crate) transaction: Option<B256>,
    pub(crate) settled: Option<Settled>,
}

impl Answer {
    /// Headers as JSON pairs, so that a repeated or binary value survives.
    pub(crate) fn headers_json(&self) -> String {
        let pairs = self.headers.iter().map(|(name, value)| (name.as_str(), hex::encode(value)));
        serde_json::Value::from_iter(pairs.map(|(name, value)| serde_json::json!([name, value]))).to_string()
    }

    fn from_row(row: &SqliteRow) -> Result<Option<Self>, LedgerError> {
        let Some(status) = row.try_get::<Option<u16>, _>("status")? else { return Ok(None) };
        let pairs: Vec<(String, String)> = serde_json::from_str(row.try_get("headers")?)
            .map_err(|_| LedgerError::Corrupt("headers of an answer"))?;
        let headers = pairs.into_iter().map(|(name, value)| {
            let value = hex::decode(value).map_err(|_| LedgerError::Corrupt("header value"))?;
            let name = name.parse::<HeaderName>().map_err(|_| LedgerError::Corrupt("header name"))?;
            HeaderValue::from_bytes(&value)
                .map(|value| (name, value))
                .map_err(|_| LedgerError::Corrupt("header value"))
        });
        Ok(Some(Self {
            status: StatusCode::from_u16(status).map_err(|_| LedgerError::Corrupt("status"))?,
            headers: headers.collect::<Result<_, _>>()?,
            body: row.try_get::<Option<Vec<u8>>, _>("body")?.unwrap_or_default().into(),
        }))
    }
}

impl Record {
    /// The columns that [`Record::from_row`] reads.
    pub(super) const COLUMNS: &str = "id, chain_id, asset, payer, nonce, amount, route, flow, request_hash, request, settlement, \
         bound, valid_before, claimed_block, money, work, runs, fence, reason, status, headers, body, tx_hash, \
         block_number, block_hash, log_index, gas_used, claimed_at, changed_at, \
         lease_until > CAST(unixepoch('subsec') * 1000 AS INTEGER) AS leased";

    pub(super) fn from_row(row: &SqliteRow) -> Result<Self, LedgerError> {
        let key = PaymentKey {
            chain_id: unsigned(row, "chain_id")?,
            asset: Address::from_slice(exactly(row, "asset", 20)?),
            payer: Address::from_slice(exactly(row, "payer", 20)?),
            nonce: PaymentNonce(B256::from_slice(exactly(row, "nonce", 32)?)),
        };
        let settlement: &str = row.try_get("settlement")?;
        Ok(Self {
            id: PaymentId(B256::from_slice(exactly(row, "id", 32)?)),
            key,
            amount: Usdc::from_atomic(unsigned(row, "amount")?),
            route: row.try_get("route")?,
            flow: if row.try_get::<&str, _>("flow")? == "upfront" { Flow::Upfront } else { Flow::Authorize },
            request_hash: RequestHash(B256::from_slice(exactly(row, "request_hash", 32)?)),
            request: row.try_get("request")?,
            settlement: serde_json::from_str(settlement).map_err(|_| LedgerError::Corrupt("settlement"))?,
            bound: row.try_get("bound")?,
            valid_before: unsigned(row, "valid_before")?,
            claimed_block: unsigned(row, "claimed_block")?,
            claimed_at: row.try_get("claimed_at")?,
            changed_at: row.try_get("changed_at")?,
            money: word(row, "money", &Money::ALL, Money::as_str)?,
            work: word(row, "work", &Work::ALL, Work::as_str)?,
            runs: row.try_get("runs")?,
            fence: row.try_get("fence")?,
            leased: row.try_get("leased")?,
            reason: row.try_get("reason")?,
            answer: Answer::from_row(row)?,
            transaction: hash(row, "tx_hash")?,
            settled: settled(row)?,
        })
    }
}

fn settled(row: &SqliteRow) -> Result<Option<Settled>, LedgerError> {
    let (Some(transaction), Some(block_hash)) = (hash(row, "tx_hash")?, hash(row, "block_hash")?) else {
        return Ok(None);
    };
    let (block_number, log_index) = (unsigned(row, "block_number")?, unsigned(row, "log_index")?);
    let gas_used = unsigned(row, "gas_used")?;
    Ok(Some(Settled { transaction, block_hash, block_number, log_index, gas_used }))
}

fn exactly<'r>(row: &'r SqliteRow, column: &'static str, length: usize) -> Result<&'r [u8], LedgerError> {
    let bytes: &[u8] = row.try_get(column)?;
    if bytes.len() == length { Ok(bytes) } else { Err(LedgerError::Corrupt(column)) }
}

fn hash(row: &SqliteRow, column: &'static str) -> Result<Option<B256>, LedgerError> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes.map(|bytes| B256::try_from(bytes).map_err(|_| LedgerError::Corrupt(column))).transpose()
}

fn unsigned(row: &SqliteRow, column: &'static str) -> Result<u64, LedgerError> {
    row.try_get::<i64, _>(column)?.try_into().map_err(|_| LedgerError::Corrupt(column))
}

fn word<T: Copy>(
    row: &SqliteRow,
    column: &'static str,
    all: &[T],
    as_str: impl Fn(T) -> &'static str,
) -> Result<T, LedgerError> {
    let text: &str = row.try_get(column)?;
    all.iter().copied().find(|value| as_str(*value) == text).ok_or(LedgerError::Corrupt(column))
}
