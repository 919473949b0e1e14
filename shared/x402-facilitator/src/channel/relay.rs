use std::sync::{Arc, OnceLock};

use alloy::{primitives::U256, sol_types::SolCall};
use x402::{
    Address, Bytes, ChannelConfig, ChannelId, ErrorReason, PaymentKey, PaymentNonce, Settlement, SigningKey,
    Usdc, VoucherClaim, channel_refund_digest,
};

use super::{
    ChannelOutcome, ChannelRevert,
    send::{Errand, send},
};
use crate::{
    Chain, ChainError, Journal, NoSigner, OnchainSettings, facilitator::FacilitatorError, keeper::keep,
    relay::Relay,
};

/// The receiver's side of channels: claims, refunds and pays out in its own name, with a key that is the channels'
/// `receiverAuthorizer`. Whatever it sends may be sent twice: what was claimed is passed over, and a refund has its nonce. So
/// replicas may share the key, and lose at worst some gas to each other.
pub struct ChannelRelay {
    relay: Arc<Relay>,
    keeper: OnceLock<()>,
    authorizer: Address,
}

impl ChannelRelay {
    /// The key sends the transactions and pays their gas; no other process may send from its account. `journal` hears
    /// of each refund's transaction before it is sent, as a payment of the channel's payer whose nonce is the channel's name.
    ///
    /// # Errors
    /// [`NoSigner`] never, in practice: there is one.
    pub fn new(
        chain: Chain,
        key: SigningKey,
        settings: OnchainSettings,
        journal: Arc<dyn Journal>,
    ) -> Result<Self, NoSigner> {
        let authorizer = key.address();
        let relay = Relay::new(chain, [key], settings, journal).ok_or(NoSigner)?;
        Ok(Self { relay: Arc::new(relay), keeper: OnceLock::new(), authorizer })
    }

    /// The account that claims and refunds.
    #[must_use]
    pub const fn authorizer(&self) -> Address {
        self.authorizer
    }

    /// The chain it works on.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.relay.chain
    }

    /// What the contract would say to a claim, without sending it.
    ///
    /// # Errors
    /// [`ChainError`] when the chain does not tell.
    pub async fn try_claim(&self, rows: &[VoucherClaim]) -> Result<Result<(), ChannelRevert>, ChainError> {
        self.chain().try_settlement(self.authorizer, &claim(rows)).await
    }

    /// Claims vouchers of any number of channels in one transaction.
    ///
    /// # Errors
    /// [`FacilitatorError`] when it is certain that nothing was sent.
    pub async fn claim(&self, rows: &[VoucherClaim]) -> Result<ChannelOutcome, FacilitatorError> {
        let refused = ErrorReason::CHANNEL_CLAIM_SIMULATION;
        self.send(claim(rows), None, Vec::new(), (refused, ErrorReason::CHANNEL_CLAIM_FAILED)).await
    }

    /// Claims what a channel owes and gives back `amount`, in one transaction. The refund is signed over the channel's `nonce`, so
    /// however often it is sent, and whoever sends it, it happens once: until that nonce has passed, `amount` may go at any time.
    ///
    /// # Errors
    /// [`FacilitatorError`] when it is certain that nothing was sent.
    pub async fn claim_and_refund(
        &self,
        config: &ChannelConfig,
        owed: Option<&VoucherClaim>,
        (amount, nonce): (Usdc, u64),
    ) -> Result<ChannelOutcome, FacilitatorError> {
        let network = self.chain().network();
        let id = config.id(network);
        let signature = self.relay.signers[0].key.sign(channel_refund_digest(id, nonce, amount, network));
        let refund = Settlement::refundWithSignatureCall {
            config: (*config).into(),
            amount: amount.atomic().into(),
            nonce: U256::from(nonce),
            signature,
        };
        let refund: Bytes = refund.abi_encode().into();
        let calls = owed.map(|row| claim(std::slice::from_ref(row))).into_iter().chain([refund]);
        let input = Settlement::multicallCall { data: calls.collect() }.abi_encode().into();
        let written = PaymentKey {
            chain_id: network.chain_id(),
            asset: config.token,
            payer: config.payer,
            nonce: PaymentNonce(id.0),
        };
        let words = (ErrorReason::CHANNEL_REFUND_SIMULATION, ErrorReason::CHANNEL_REFUND_FAILED);
        self.send(input, Some(id), vec![written], words).await
    }

    /// Pays out what was claimed for a receiver.
    ///
    /// # Errors
    /// [`FacilitatorError`] when it is certain that nothing was sent.
    pub async fn settle(
        &self,
        receiver: Address,
        token: Address,
    ) -> Result<ChannelOutcome, FacilitatorError> {
        let input = Settlement::settleCall { receiver, token }.abi_encode().into();
        let failed = ErrorReason::CHANNEL_SETTLE_FAILED;
        self.send(input, None, Vec::new(), (failed.clone(), failed)).await
    }

    async fn send(
        &self,
        input: Bytes,
        channel: Option<ChannelId>,
        payments: Vec<PaymentKey>,
        (refused, failed): (ErrorReason, ErrorReason),
    ) -> Result<ChannelOutcome, FacilitatorError> {
        self.keeper.get_or_init(|| drop(tokio::spawn(keep(Arc::downgrade(&self.relay), 0))));
        send(&self.relay, Errand { input, channel, payments, refused, failed, home: 0 }).await
    }
}

fn claim(rows: &[VoucherClaim]) -> Bytes {
    let claims = rows.iter().cloned().map(Into::into).collect();
    Settlement::claimCall { claims }.abi_encode().into()
}
