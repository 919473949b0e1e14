//! Growing the log. Entries, subtrees, and the checkpoint that is signed over them are one transaction: nobody sees a
//! signature over a tree that is not durable, so a crash at any point leaves the tree as it was or extended.

use std::collections::HashMap;

use draw::tree::{Hash, Node, completed_by, empty_root, fold, leaf_hash, node_hash, nodes_of};
use draw::{Checkpoint, LogSigner};
use sqlx::{Any, Transaction};

use super::{
    LogError,
    store::{Store, number, signed},
};

/// The log, held by this process until committed or dropped.
pub(crate) struct Append {
    pub(super) transaction: Transaction<'static, Any>,
    /// The ledger's last attachment in the log.
    pub(crate) attached: u64,
    start: u64,
    /// The right edge of the tree, and what came with this change.
    nodes: HashMap<Node, Hash>,
    fresh: Vec<Node>,
    entries: Vec<Vec<u8>>,
}

impl Store {
    /// Takes the log. One has it at a time, among all replicas.
    pub(crate) async fn append(&self) -> Result<Append, LogError> {
        let mut transaction = self.pool().begin().await?;
        // Not a SELECT: both databases lock the row, or the file, for a change.
        let sql = "UPDATE log_state SET size = size WHERE id = 1 RETURNING size, attached";
        let row = sqlx::query(sql).fetch_one(&mut *transaction).await?;
        let (start, attached) = (number(&row, "size")?, number(&row, "attached")?);
        let mut nodes = HashMap::new();
        for node in nodes_of(0..start) {
            nodes.insert(node, read(&mut transaction, node).await?);
        }
        Ok(Append { transaction, attached, start, nodes, fresh: Vec::new(), entries: Vec::new() })
    }
}

impl Append {
    /// Adds an entry, and says where it will stand.
    pub(crate) fn push(&mut self, entry: Vec<u8>) -> u64 {
        let position = self.size();
        self.add(Node { level: 0, index: position }, leaf_hash(&entry));
        for node in completed_by(position) {
            let child = |side| self.nodes.get(&Node { level: node.level - 1, index: node.index * 2 + side });
            if let (Some(left), Some(right)) = (child(0), child(1)) {
                self.add(node, node_hash(left, right));
            }
        }
        self.entries.push(entry);
        position
    }

    fn add(&mut self, node: Node, hash: Hash) {
        self.nodes.insert(node, hash);
        self.fresh.push(node);
    }

    fn size(&self) -> u64 {
        self.start + self.entries.len() as u64
    }

    fn root(&self) -> Result<Hash, LogError> {
        let nodes = nodes_of(0..self.size());
        let hashes = nodes.iter().map(|node| self.nodes.get(node).copied().ok_or(LogError::Corrupt));
        Ok(fold(&hashes.collect::<Result<Vec<_>, _>>()?).unwrap_or_else(empty_root))
    }

    /// Signs the new tree, and makes it the log's.
    pub(crate) async fn commit(mut self, signer: &LogSigner) -> Result<(), LogError> {
        let checkpoint = Checkpoint { size: self.size(), root: self.root()? };
        for (position, entry) in (self.start..).zip(std::mem::take(&mut self.entries)) {
            let sql = "INSERT INTO log_entries (position, hash, entry) VALUES ($1, $2, $3)";
            let hash = leaf_hash(&entry).to_vec();
            let query = sqlx::query(sql).bind(signed(position)?).bind(hash).bind(entry);
            query.execute(&mut *self.transaction).await?;
        }
        for node in &self.fresh {
            let hash = self.nodes.get(node).ok_or(LogError::Corrupt)?.to_vec();
            let sql = "INSERT INTO log_nodes (level, position, hash) VALUES ($1, $2, $3)";
            let query = sqlx::query(sql).bind(i64::from(node.level)).bind(signed(node.index)?).bind(hash);
            query.execute(&mut *self.transaction).await?;
        }
        let sql = "UPDATE log_state SET size = $1, attached = $2, checkpoint = $3 WHERE id = 1";
        sqlx::query(sql)
            .bind(signed(checkpoint.size)?)
            .bind(signed(self.attached)?)
            .bind(checkpoint.sign(signer))
            .execute(&mut *self.transaction)
            .await?;
        Ok(self.transaction.commit().await?)
    }
}

async fn read(transaction: &mut Transaction<'static, Any>, node: Node) -> Result<Hash, LogError> {
    let sql = "SELECT hash FROM log_nodes WHERE level = $1 AND position = $2";
    let query = sqlx::query(sql).bind(i64::from(node.level)).bind(signed(node.index)?);
    super::store::hash(&query.fetch_one(&mut **transaction).await?, "hash")
}
