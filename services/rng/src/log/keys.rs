//! The keys of the epochs: one a day, logged the day before, sealed in the database, erased when no draw needs them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chacha20poly1305::{
    ChaCha20Poly1305, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use draw::{Leaf, SecretKey, tree::Hash};
use hmac::{Hmac, Mac};
use service_kit::Secret;
use sha2::Sha256;
use sqlx::Row;
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::{Log, LogError, store::signed};
use crate::clock;

/// Days after its own for which an epoch's key is kept: what was paid for then may still be drawn.
const RECOVERY_DAYS: u32 = 2;
const NONCE: usize = 12;

/// The secrets of one epoch.
pub(crate) struct EpochKey {
    pub(crate) epoch: u32,
    pub(crate) secret: SecretKey,
    blind: Zeroizing<[u8; 32]>,
}

/// The keys of all epochs that matter now. Cheap to clone.
#[derive(Clone)]
pub(crate) struct EpochKeys {
    log: Log,
    cipher: Arc<ChaCha20Poly1305>,
    open: Arc<Mutex<HashMap<u32, Arc<EpochKey>>>>,
    today: watch::Sender<Option<Arc<EpochKey>>>,
}

impl EpochKey {
    /// Hides a draw's entry from whoever does not hold its receipt; the same in every run.
    pub(crate) fn blind(&self, alpha: &[u8]) -> Hash {
        let Ok(mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&*self.blind) else { return [0; 32] };
        mac.chain_update(alpha).finalize().into_bytes().into()
    }
}

impl EpochKeys {
    /// Under the key that seals them in the database.
    pub(crate) fn new(log: Log, seal: &Secret) -> Self {
        let cipher = Arc::new(ChaCha20Poly1305::new(<&Key>::from(&**seal)));
        Self { log, cipher, open: Arc::default(), today: watch::Sender::new(None) }
    }

    /// The key of today, and of every day that comes.
    pub(crate) fn today(&self) -> watch::Receiver<Option<Arc<EpochKey>>> {
        self.today.subscribe()
    }

    /// The key of an epoch that draws are made in.
    pub(crate) async fn of(&self, epoch: u32) -> Result<Arc<EpochKey>, LogError> {
        let known = self.lock().get(&epoch).cloned();
        match known {
            Some(key) => Ok(key),
            None => self.unseal(epoch).await,
        }
    }

    /// Makes the keys of today and tomorrow if they are missing, and erases those of days long over.
    pub(crate) async fn keep(&self, now: u64) -> Result<(), LogError> {
        let today = clock::day(now);
        for epoch in [today, today + 1] {
            if self.log.store.position_of_key(epoch).await?.is_none() {
                self.make(epoch, now).await?;
            }
        }
        if self.today.borrow().as_ref().is_none_or(|key| key.epoch != today) {
            let key = self.of(today).await?;
            self.today.send_replace(Some(key));
            self.erase_before(today.saturating_sub(RECOVERY_DAYS)).await?;
        }
        Ok(())
    }

    /// Makes a key and logs it in one transaction: an epoch has one key, whatever crashes and however many replicas try.
    async fn make(&self, epoch: u32, now: u64) -> Result<(), LogError> {
        let mut seeds = Zeroizing::new([0; 64]);
        getrandom::fill(&mut *seeds)?;
        plausible(&seeds)?;
        let public_key = *open(epoch, &seeds).secret.public_key().as_bytes();
        let mut append = self.log.store.append().await?;
        let position = append.push(Leaf::Key { epoch, public_key, time: now }.encode());
        let sql = "INSERT INTO epoch_keys (epoch, public_key, sealed, position) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT DO NOTHING";
        let inserted = sqlx::query(sql)
            .bind(i64::from(epoch))
            .bind(public_key.to_vec())
            .bind(self.seal(epoch, &public_key, &seeds)?)
            .bind(signed(position)?)
            .execute(&mut *append.transaction)
            .await?;
        if inserted.rows_affected() == 1 {
            append.commit(&self.log.signer).await?;
            tracing::info!(epoch, key = %draw::hex_bytes::format(&public_key), position, "logged the key of an epoch");
        }
        Ok(())
    }

    async fn erase_before(&self, epoch: u32) -> Result<(), LogError> {
        let sql = "UPDATE epoch_keys SET sealed = NULL WHERE epoch < $1 AND sealed IS NOT NULL";
        let erased = sqlx::query(sql).bind(i64::from(epoch)).execute(self.log.store.pool()).await?;
        self.lock().retain(|known, _| *known >= epoch);
        if erased.rows_affected() > 0 {
            tracing::info!(
                before = epoch,
                keys = erased.rows_affected(),
                "erased the keys of days long over"
            );
        }
        Ok(())
    }

    async fn unseal(&self, epoch: u32) -> Result<Arc<EpochKey>, LogError> {
        let sql = "SELECT public_key, sealed FROM epoch_keys WHERE epoch = $1";
        let row = sqlx::query(sql).bind(i64::from(epoch)).fetch_optional(self.log.store.pool()).await?;
        let row = row.ok_or(LogError::NoKey(epoch))?;
        let public_key: Vec<u8> = row.try_get("public_key")?;
        let sealed: Option<Vec<u8>> = row.try_get("sealed")?;
        let sealed = sealed.ok_or(LogError::Erased(epoch))?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(LogError::Corrupt)?;
        let nonce = Nonce::try_from(nonce).map_err(|_| LogError::Corrupt)?;
        let payload = Payload { msg: sealed, aad: &associated(epoch, &public_key) };
        let opened = self.cipher.decrypt(&nonce, payload).map_err(|_| LogError::Sealed(epoch))?;
        let opened = Zeroizing::new(opened);
        let seeds = Zeroizing::new(<[u8; 64]>::try_from(&opened[..]).map_err(|_| LogError::Corrupt)?);
        let key = Arc::new(open(epoch, &seeds));
        self.lock().insert(epoch, key.clone());
        Ok(key)
    }

    fn seal(&self, epoch: u32, public_key: &[u8], seeds: &[u8; 64]) -> Result<Vec<u8>, LogError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let payload = Payload { msg: seeds, aad: &associated(epoch, public_key) };
        let sealed =
            self.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| LogError::Sealed(epoch))?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Arc<EpochKey>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(epoch: u32, seeds: &[u8; 64]) -> EpochKey {
    let (mut secret, mut blind) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    secret.copy_from_slice(&seeds[..32]);
    blind.copy_from_slice(&seeds[32..]);
    EpochKey { epoch, secret: SecretKey::from_seed(&secret), blind }
}

/// A sealed key opens only as that of its epoch.
fn associated(epoch: u32, public_key: &[u8]) -> Vec<u8> {
    [b"rng/seal/v1".as_slice(), &epoch.to_be_bytes(), public_key].concat()
}

/// That the plumbing brings bytes at all: 64 random ones hold 16 equal ones less than once in 10^20. No test of randomness.
fn plausible(bytes: &[u8; 64]) -> Result<(), LogError> {
    let most = bytes.iter().map(|byte| bytes.iter().filter(|other| *other == byte).count()).max();
    if most.is_none_or(|most| most >= 16) {
        Err(LogError::Entropy(getrandom::Error::UNEXPECTED))
    } else {
        Ok(())
    }
}
