//! Draws by the beacon: accepted in the log before their round exists, made after it, or given up in the log.

use draw::{Leaf, beacon, tree::Hash};
use sqlx::Row;

use super::{
    Log, LogError,
    store::{hash, number, signed},
};

/// Seconds after which an accepted draw that was not made is given up.
const GIVE_UP_AFTER: u64 = 600;
/// Seconds within which it is still made: well before it is given up, so that never both happen.
const MAKE_WITHIN: u64 = 300;
/// Most that are given up in one change.
const AT_ONCE: i64 = 500;

/// A draw that waits for its round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted {
    /// In seconds since the Unix epoch.
    pub(crate) at: u64,
    /// The round that this fixes.
    pub(crate) round: u64,
}

impl Log {
    /// Accepts the draw of a payment, or finds that it was accepted before: then at the time of then.
    pub(crate) async fn accept(
        &self,
        payment: [u8; 32],
        now: u64,
        leaf: impl FnOnce(Accepted) -> (Hash, Leaf),
    ) -> Result<Accepted, LogError> {
        let mut append = self.store.append().await?;
        let sql = "SELECT accepted_at, closed FROM accepts WHERE payment = $1";
        let known = sqlx::query(sql).bind(payment.to_vec()).fetch_optional(&mut *append.transaction).await?;
        if let Some(row) = known {
            let at = number(&row, "accepted_at")?;
            let in_time = row.try_get::<i64, _>("closed")? == 0 && now < at + MAKE_WITHIN;
            return if in_time { Ok(Accepted::at(at)) } else { Err(LogError::Void) };
        }
        let accepted = Accepted::at(now);
        let (accept_hash, leaf) = leaf(accepted);
        let position = append.push(leaf.encode());
        let sql = "INSERT INTO accepts (payment, accept_hash, accepted_at, position) VALUES ($1, $2, $3, $4)";
        sqlx::query(sql)
            .bind(payment.to_vec())
            .bind(accept_hash.to_vec())
            .bind(signed(now)?)
            .bind(signed(position)?)
            .execute(&mut *append.transaction)
            .await?;
        append.commit(&self.signer).await?;
        Ok(accepted)
    }

    /// Writes down which accepted draws were not made. What the ledger has committed must be in the log already.
    pub(super) async fn give_up(&self, now: u64) -> Result<usize, LogError> {
        let late = signed(now.saturating_sub(GIVE_UP_AFTER))?;
        let sql = "SELECT accept_hash FROM accepts WHERE closed = 0 AND accepted_at < $1 ORDER BY position LIMIT $2";
        let rows = sqlx::query(sql).bind(late).bind(AT_ONCE).fetch_all(self.store.pool()).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let mut append = self.store.append().await?;
        let mut given_up = 0;
        for row in rows {
            let accept_hash = hash(&row, "accept_hash")?;
            let sql = "UPDATE accepts SET closed = 1 WHERE accept_hash = $1 AND closed = 0";
            let query = sqlx::query(sql).bind(accept_hash.to_vec());
            if query.execute(&mut *append.transaction).await?.rows_affected() > 0 {
                append.push(Leaf::Void { accept_hash, time: now }.encode());
                given_up += 1;
            }
        }
        append.commit(&self.signer).await?;
        Ok(given_up)
    }
}

impl Accepted {
    fn at(at: u64) -> Self {
        Self { at, round: beacon::round_for(at) }
    }
}
