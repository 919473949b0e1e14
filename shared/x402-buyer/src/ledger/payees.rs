use sqlx::SqliteConnection;
use x402::Address;

use super::{Intent, LedgerError};
use crate::UnixMillis;

/// Remembers who is paid at a host. Answers who was paid there before, where that was somebody else.
pub(super) async fn remember(
    connection: &mut SqliteConnection,
    intent: &Intent,
) -> Result<Option<Address>, LedgerError> {
    let (host, network, payee) =
        (intent.request.host(), intent.network.caip2(), intent.payment.authorization.to);
    let known: Option<String> = sqlx::query_scalar("SELECT payee FROM payees WHERE host = ? AND network = ?")
        .bind(host)
        .bind(network)
        .fetch_optional(&mut *connection)
        .await?;
    let known = known.and_then(|known| known.parse::<Address>().ok());
    if known == Some(payee) {
        return Ok(None);
    }
    let upsert = "INSERT INTO payees (host, network, payee, since) VALUES (?, ?, ?, ?) \
                  ON CONFLICT (host, network) DO UPDATE SET payee = excluded.payee, since = excluded.since";
    sqlx::query(upsert)
        .bind(host)
        .bind(network)
        .bind(payee.to_string())
        .bind(UnixMillis::now().as_millis())
        .execute(connection)
        .await?;
    Ok(known)
}
