//! Proofs out of the log.

use std::ops::Range;

use draw::Leaf;
use draw::leaf::DrawLeaf;
use draw::receipt::log::{InclusionProof, Place};
use draw::tree::{Hash, consistency_path, fold, inclusion_path, nodes_of};

use super::{Log, LogError};

impl Log {
    /// The proof that the draw with this leaf is in the log; nothing while it is not.
    pub(crate) async fn prove(&self, leaf: &Hash) -> Result<Option<InclusionProof>, LogError> {
        let Some(position) = self.store.position_of(leaf).await? else { return Ok(None) };
        let entry = self.leaf(position).await?;
        let Leaf::Draw(DrawLeaf { epoch, accept_hash, .. }) = entry else { return Ok(None) };
        let key = self.store.position_of_key(epoch).await?.ok_or(LogError::Corrupt)?;
        let Leaf::Key { time, .. } = self.leaf(key).await? else { return Err(LogError::Corrupt) };
        let accept = self.store.position_of_accept(&accept_hash).await?;
        let head = self.store.head().await?;
        Ok(Some(InclusionProof {
            draw: self.place(position, head.size).await?,
            key: self.place(key, head.size).await?,
            key_logged_at: time,
            accept: match accept {
                Some(accept) => Some(self.place(accept, head.size).await?),
                None => None,
            },
            checkpoint: head.checkpoint.ok_or(LogError::Corrupt)?,
        }))
    }

    /// The hashes that show the tree of `old` leaves to be the beginning of that of `new`.
    pub(crate) async fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, LogError> {
        self.hashes(consistency_path(old, new)).await
    }

    pub(super) async fn place(&self, index: u64, size: u64) -> Result<Place, LogError> {
        Ok(Place { index, path: self.hashes(inclusion_path(index, size)).await? })
    }

    async fn leaf(&self, position: u64) -> Result<Leaf, LogError> {
        let entry = self.store.entry(position).await?;
        entry.and_then(|entry| Leaf::decode(&entry)).ok_or(LogError::Corrupt)
    }

    async fn hashes(&self, path: Vec<Range<u64>>) -> Result<Vec<Hash>, LogError> {
        let mut hashes = Vec::with_capacity(path.len());
        for range in path {
            let mut nodes = Vec::new();
            for node in nodes_of(range) {
                nodes.push(self.store.node(node).await?);
            }
            hashes.push(fold(&nodes).ok_or(LogError::Corrupt)?);
        }
        Ok(hashes)
    }
}
