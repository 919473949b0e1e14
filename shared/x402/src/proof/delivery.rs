use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};

use super::{ExtensionInfo, Signed, Statement, signed::domain};
use crate::{Network, PaymentId, RequestHash, UnixSeconds, Usdc, serde_forms};

/// The extension that carries a seller's receipt key in an offer, and the delivery in an answer.
pub const DELIVERY_EXTENSION: &str = "x402-delivery";

pub(super) const DELIVERY_DOMAIN: &str = "x402 delivery";

mod typed {
    alloy_sol_types::sol! {
        struct Delivery {
            bytes32 paymentId;
            string scheme;
            address payer;
            address payTo;
            address asset;
            uint256 amount;
            bytes32 requestHash;
            uint16 status;
            bytes32 bodyHash;
            bytes32 transaction;
            uint64 logIndex;
            bytes32 blockHash;
            string finality;
            uint64 issuedAt;
            bytes32 channelId;
            uint256 base;
            uint256 charged;
        }
    }
}

/// Which answer was delivered to which request for which payment.
///
/// EIP-712: domain name "x402 delivery", version "1", chainId of the payment; type `Delivery(bytes32 paymentId,string scheme,
/// address payer,address payTo,address asset,uint256 amount,bytes32 requestHash,uint16 status,bytes32 bodyHash,bytes32
/// transaction,uint64 logIndex,bytes32 blockHash,string finality,uint64 issuedAt,bytes32 channelId,uint256 base,uint256
/// charged)`, without spaces after commas. The JSON form is the message: amounts as decimal strings, the rest as numbers and hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delivery {
    /// The payment's name.
    pub payment_id: PaymentId,
    /// `exact` or another scheme.
    pub scheme: String,
    /// Who paid.
    #[serde(with = "serde_forms::checksummed")]
    pub payer: Address,
    /// Who was paid.
    #[serde(with = "serde_forms::checksummed")]
    pub pay_to: Address,
    /// The token contract.
    #[serde(with = "serde_forms::checksummed")]
    pub asset: Address,
    /// What was paid.
    pub amount: Usdc,
    /// The request.
    pub request_hash: RequestHash,
    /// The answer's HTTP status.
    pub status: u16,
    /// SHA-256 of the answer's body, before any content coding.
    pub body_hash: B256,
    /// The transaction that moved the money.
    pub transaction: B256,
    /// Index in the block of the `Transfer` log that vouches for the payment.
    pub log_index: u64,
    /// The block; zero where the answer went out before there was one.
    pub block_hash: B256,
    /// How certain the settlement was when the answer went out.
    pub finality: Finality,
    /// When this was signed.
    pub issued_at: UnixSeconds,
    /// The payment channel; zero for `exact`.
    pub channel_id: B256,
    /// What the channel had been charged before; zero for `exact`.
    pub base: Usdc,
    /// What the channel was charged for this answer; zero for `exact`.
    pub charged: Usdc,
}

/// How certain a settlement is when its answer goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finality {
    /// The sequencer says that it will be in a block.
    Preconf,
    /// It is in a block.
    Block,
    /// Its block is safe: undone only if the chain below undoes it.
    Safe,
}

impl Finality {
    /// Every value, the weakest first.
    pub const ALL: [Self; 3] = [Self::Preconf, Self::Block, Self::Safe];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preconf => "preconf",
            Self::Block => "block",
            Self::Safe => "safe",
        }
    }
}

impl Statement for Delivery {
    type Scope = Network;

    fn signing_hash(&self, network: Network) -> B256 {
        let message = typed::Delivery {
            paymentId: self.payment_id.0,
            scheme: self.scheme.clone(),
            payer: self.payer,
            payTo: self.pay_to,
            asset: self.asset,
            amount: U256::from(self.amount.atomic()),
            requestHash: self.request_hash.0,
            status: self.status,
            bodyHash: self.body_hash,
            transaction: self.transaction,
            logIndex: self.log_index,
            blockHash: self.block_hash,
            finality: self.finality.as_str().to_owned(),
            issuedAt: self.issued_at,
            channelId: self.channel_id,
            base: U256::from(self.base.atomic()),
            charged: U256::from(self.charged.atomic()),
        };
        message.eip712_signing_hash(&domain(DELIVERY_DOMAIN, network.chain_id()))
    }
}

impl ExtensionInfo for Signed<Delivery> {
    const EXTENSION: &'static str = DELIVERY_EXTENSION;
    const MEMBER: &'static str = "delivery";
}
