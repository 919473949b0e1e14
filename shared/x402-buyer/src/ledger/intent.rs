use std::fmt::Display;

use reqwest::{Method, header::HeaderMap};
use serde::de::DeserializeOwned;
use sqlx::{Row, Sqlite, Transaction, sqlite::SqliteRow};
use x402::{B256, Network, PaymentId};

use super::{LedgerError, SpendLedger, State};
use crate::{Offer, Receipt, Request, SignedPayment, UnixMillis};

/// One payment with all that is needed to send it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// What is known of it.
    pub state: State,
    /// When it was signed.
    pub signed_at: UnixMillis,
    /// The chain.
    pub network: Network,
    /// The budget it is for, besides the total one.
    pub budget: Option<String>,
    /// What it buys.
    pub request: Request,
    /// The offer that it accepts.
    pub offer: Offer,
    /// What is sent.
    pub payment: SignedPayment,
    /// The transaction that is said to have moved the money.
    pub transaction: Option<B256>,
    /// The answer, once it is here.
    pub receipt: Option<Receipt>,
}

impl Intent {
    /// The payment's name.
    #[must_use]
    pub const fn id(&self) -> PaymentId {
        self.payment.id
    }

    pub(super) async fn insert(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
    ) -> Result<(), LedgerError> {
        let id = self.id().to_string();
        let corrupt =
            |error: &dyn Display| LedgerError::Corrupt { id: id.clone(), reason: error.to_string() };
        let json = |value: serde_json::Result<String>| value.map_err(|error| corrupt(&error));
        let authorization = &self.payment.authorization;
        let amount = i64::try_from(authorization.value.atomic()).map_err(|error| corrupt(&error))?;
        let insert = "INSERT INTO intents (payment_id, state, signed_at, updated_at, network, host, budget, payee, amount, \
                      method, url, accept, content_type, headers, body, request_hash, offer, payload, salt) \
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        sqlx::query(insert)
            .bind(&id)
            .bind(self.state.as_str())
            .bind(self.signed_at.as_millis())
            .bind(self.signed_at.as_millis())
            .bind(self.network.caip2())
            .bind(self.request.host())
            .bind(&self.budget)
            .bind(authorization.to.to_string())
            .bind(amount)
            .bind(self.request.method.as_str())
            .bind(self.request.url.as_str())
            .bind(&self.request.accept)
            .bind(&self.request.content_type)
            .bind(json(serde_json::to_string(&pairs(&self.request.headers)))?)
            .bind(self.request.body.as_ref())
            .bind(self.request.hash().to_string())
            .bind(json(serde_json::to_string(&self.offer))?)
            .bind(json(serde_json::to_string(&self.payment.payload))?)
            .bind(self.payment.payload.salt().map(|salt| salt.0.to_string()))
            .execute(&mut **transaction)
            .await?;
        Ok(())
    }

    fn read(row: &SqliteRow) -> Result<Self, LedgerError> {
        let id: String = row.try_get("payment_id")?;
        let row = Columns { row, id: &id };
        let network: Network = row.parse("network")?;
        let payload = row.json("payload")?;
        let transaction: Option<String> = row.get("transaction_hash")?;
        let receipt: Option<String> = row.get("receipt")?;
        Ok(Self {
            state: row.parse("state")?,
            signed_at: UnixMillis::from_millis(row.get("signed_at")?),
            network,
            budget: row.get("budget")?,
            request: row.request()?,
            offer: row.json("offer")?,
            payment: SignedPayment::from_payload(payload, network),
            transaction: transaction
                .map(|hash| hash.parse().map_err(|error| row.corrupt(&error)))
                .transpose()?,
            receipt: receipt
                .map(|json| serde_json::from_str(&json).map_err(|e| row.corrupt(&e)))
                .transpose()?,
        })
    }
}

impl SpendLedger {
    /// One payment, by its name.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails or the row is damaged.
    pub async fn intent(&self, id: PaymentId) -> Result<Option<Intent>, LedgerError> {
        let select = sqlx::query("SELECT * FROM intents WHERE payment_id = ?").bind(id.to_string());
        let row = select.fetch_optional(&self.pool).await?;
        row.as_ref().map(Intent::read).transpose()
    }

    /// What is kept of a purchase, paid exactly or from a channel, once its answer was here.
    ///
    /// # Errors
    /// [`LedgerError`] when the database fails or the row is damaged.
    pub async fn receipt(&self, id: PaymentId) -> Result<Option<Receipt>, LedgerError> {
        let select = "SELECT receipt FROM intents WHERE payment_id = ?1 AND receipt IS NOT NULL \
                      UNION ALL SELECT receipt FROM channel_calls WHERE payment_id = ?1";
        let json: Option<String> =
            sqlx::query_scalar(select).bind(id.to_string()).fetch_optional(&self.pool).await?;
        let corrupt =
            |error: serde_json::Error| LedgerError::Corrupt { id: id.to_string(), reason: error.to_string() };
        json.map(|json| serde_json::from_str(&json).map_err(corrupt)).transpose()
    }
}

fn pairs(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let visible = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
    visible.collect()
}

/// A row whose damage is reported with the payment's name.
struct Columns<'a> {
    row: &'a SqliteRow,
    id: &'a str,
}

impl<'a> Columns<'a> {
    fn corrupt(&self, error: &dyn Display) -> LedgerError {
        LedgerError::Corrupt { id: self.id.to_owned(), reason: error.to_string() }
    }

    fn get<T: sqlx::Decode<'a, Sqlite> + sqlx::Type<Sqlite>>(&self, column: &str) -> Result<T, LedgerError> {
        Ok(self.row.try_get(column)?)
    }

    fn parse<T: std::str::FromStr<Err: Display>>(&self, column: &str) -> Result<T, LedgerError> {
        self.get::<&str>(column)?.parse().map_err(|error: T::Err| self.corrupt(&error))
    }

    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, LedgerError> {
        serde_json::from_str(self.get(column)?).map_err(|error| self.corrupt(&error))
    }

    fn request(&self) -> Result<Request, LedgerError> {
        let (method, accept): (Method, &str) = (self.parse("method")?, self.get("accept")?);
        let (headers, body): (Vec<(String, String)>, &[u8]) = (self.json("headers")?, self.get("body")?);
        let rebuild = || {
            let mut request = Request::new(method, self.row.try_get("url").unwrap_or_default())?;
            for (name, value) in &headers {
                request = request.with_header(name, value)?;
            }
            request.with_header("accept", accept)
        };
        let request = rebuild().map_err(|error| self.corrupt(&error))?;
        let content_type: Option<&str> = self.get("content_type")?;
        match content_type {
            Some(content_type) => {
                request.with_body(content_type, body.to_vec()).map_err(|error| self.corrupt(&error))
            }
            None => Ok(request),
        }
    }
}
