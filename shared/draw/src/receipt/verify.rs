use super::{DrawReceipt, Logged, ReceiptError};
use crate::note::LogKey;
use crate::request::Source;
use crate::{Alpha, Beta, Binding, DrawInput, Mode, PublicKey, RequestHash, Values, expand};

/// What the verifier knows from elsewhere than the receipt. What is not named here is taken on the receipt's word.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The VRF key of the epoch, for instance from the offer that was accepted.
    pub key: Option<PublicKey>,
    /// The log. With it, a receipt without a promise of that log is refused.
    pub log: Option<LogKey>,
    /// A checkpoint of that log, from another source than the receipt: for instance another buyer's.
    pub checkpoint: Option<String>,
}

impl DrawReceipt {
    /// Recomputes the request hash, alpha, the VRF and every value, and compares.
    ///
    /// Without a trusted key the receipt is only consistent in itself: anyone can make such a receipt with a key of
    /// their own. Whether the payment is on the chain is not checked here.
    ///
    /// # Errors
    /// The first thing that differs.
    pub fn verify(&self, trusted: Option<&PublicKey>) -> Result<VerifiedDraw, ReceiptError> {
        self.verify_with(&Trust { key: trusted.copied(), ..Trust::default() })
    }

    /// Recomputes the request hash, the binding of the payment, the beacon's signature, alpha, the VRF, every value, and
    /// the place in the log, and compares.
    ///
    /// # Errors
    /// The first thing that differs.
    pub fn verify_with(&self, trust: &Trust) -> Result<VerifiedDraw, ReceiptError> {
        let request_hash = self.verify_request_hash()?;
        self.verify_terms()?;
        self.binding.verify(self.scheme, &self.nonce, &self.request)?;
        let key = self.verify_key(trust.key.as_ref())?;
        if let Mode::Beacon(beacon) = &self.mode {
            beacon.verify()?;
        }
        let alpha = Alpha::new(&self.input(), &request_hash);
        let beta = key.verify(alpha.as_bytes(), &self.proof).map_err(ReceiptError::Proof)?;
        let values = expand(&beta, &self.request);
        compare_all(&self.values, &values)?;
        let logged = self.verify_log(trust.log.as_ref(), trust.checkpoint.as_deref())?;
        Ok(VerifiedDraw {
            input: self.input(),
            key,
            key_is_trusted: trust.key.is_some(),
            binding: self.binding.clone(),
            alpha,
            beta,
            values,
            logged,
        })
    }

    /// The draw is of the mode and epoch that were asked for.
    fn verify_terms(&self) -> Result<(), ReceiptError> {
        let mode = match self.mode {
            Mode::Instant => Source::Instant,
            Mode::Beacon(_) => Source::Beacon,
        };
        if mode != self.request.mode() {
            return Err(ReceiptError::Terms("mode"));
        }
        match self.request.epoch() {
            Some(epoch) if epoch != self.epoch => Err(ReceiptError::Terms("epoch")),
            _ => Ok(()),
        }
    }

    fn verify_request_hash(&self) -> Result<RequestHash, ReceiptError> {
        let (stated, computed) = (self.request_hash, self.request.hash());
        if stated != computed {
            return Err(ReceiptError::RequestHash { stated, computed });
        }
        Ok(computed)
    }

    fn verify_key(&self, trusted: Option<&PublicKey>) -> Result<PublicKey, ReceiptError> {
        let stated = PublicKey::from_bytes(self.public_key).map_err(ReceiptError::PublicKey)?;
        match trusted {
            Some(trusted) if *trusted != stated => {
                Err(ReceiptError::UntrustedKey { stated: self.public_key, trusted: *trusted.as_bytes() })
            }
            _ => Ok(stated),
        }
    }
}

fn compare_all(stated: &[Values], computed: &[Values]) -> Result<(), ReceiptError> {
    if stated.len() != computed.len() {
        return Err(ReceiptError::Draws { stated: stated.len(), computed: computed.len() });
    }
    let mut pairs = stated.iter().zip(computed).enumerate();
    pairs.try_for_each(|(draw, (stated, computed))| compare(draw, stated, computed))
}

fn compare(draw: usize, stated: &Values, computed: &Values) -> Result<(), ReceiptError> {
    use Values::{Bytes, Dice, Floats, Integers, Passwords, Sample, Shuffle, Uuids, Weighted};
    match (stated, computed) {
        (Bytes(stated), Bytes(computed)) => compare_each(draw, stated, computed),
        (Integers(stated), Integers(computed)) => compare_each(draw, stated, computed),
        (Floats(stated), Floats(computed)) => compare_each(draw, stated, computed),
        (Dice(stated), Dice(computed))
        | (Shuffle(stated), Shuffle(computed))
        | (Sample(stated), Sample(computed)) => compare_each(draw, stated, computed),
        (Weighted(stated), Weighted(computed)) => compare_each(draw, stated, computed),
        (Passwords(stated), Passwords(computed)) => compare_each(draw, stated, computed),
        (Uuids(stated), Uuids(computed)) => compare_each(draw, stated, computed),
        _ => Err(ReceiptError::Operation { draw, stated: stated.op(), computed: computed.op() }),
    }
}

fn compare_each<T>(draw: usize, stated: &[T], computed: &[T]) -> Result<(), ReceiptError>
where
    T: PartialEq + ToString,
{
    let mut pairs = stated.iter().zip(computed);
    if let Some(position) = pairs.position(|(stated, computed)| stated != computed) {
        let (stated, computed) = (stated[position].to_string(), computed[position].to_string());
        return Err(ReceiptError::Value { draw, position, stated, computed });
    }
    if stated.len() != computed.len() {
        return Err(ReceiptError::Count { draw, stated: stated.len(), computed: computed.len() });
    }
    Ok(())
}

/// A draw that was recomputed from its receipt and found true. Only [`DrawReceipt::verify`] makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedDraw {
    input: DrawInput,
    key: PublicKey,
    key_is_trusted: bool,
    binding: Binding,
    alpha: Alpha,
    beta: Beta,
    values: Vec<Values>,
    logged: Logged,
}

impl VerifiedDraw {
    /// The payment, epoch and mode that the proof covers.
    pub fn input(&self) -> &DrawInput {
        &self.input
    }

    /// The key that the proof was made with.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether the caller named that key. Otherwise the receipt's word was taken for it.
    pub fn key_is_trusted(&self) -> bool {
        self.key_is_trusted
    }

    /// What the payment's nonce is tied to. Unless it is the request, only the draw joins the two.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// What is known of the draw's place in the log.
    pub fn logged(&self) -> &Logged {
        &self.logged
    }

    /// The input of the VRF.
    pub fn alpha(&self) -> &Alpha {
        &self.alpha
    }

    /// The output of the VRF.
    pub fn beta(&self) -> &Beta {
        &self.beta
    }

    /// The values, recomputed.
    pub fn values(&self) -> &[Values] {
        &self.values
    }
}
