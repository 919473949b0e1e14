use alloy_primitives::B256;
use alloy_sol_types::SolStruct;
use serde::{Deserialize, Serialize};

use super::{Statement, signed::domain};
use crate::{Network, PaymentId, UnixSeconds, serde_forms};

mod typed {
    alloy_sol_types::sol! {
        struct PaymentStatus {
            bytes32 paymentId;
            string money;
            string work;
            string finality;
            bytes32 transaction;
            uint64 blockNumber;
            uint64 blockTime;
            uint64 issuedAt;
        }
    }
}

/// What a seller knew about a payment at a block.
///
/// EIP-712: domain name "x402 status", version "1", chainId of the payment; type `PaymentStatus(bytes32 paymentId,string money,
/// string work,string finality,bytes32 transaction,uint64 blockNumber,uint64 blockTime,uint64 issuedAt)`, without spaces after commas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaymentStatus {
    /// The payment's name.
    pub payment_id: PaymentId,
    /// Where the money is, in the seller's word: `settled`, `unknown`, `refunded`.
    pub money: String,
    /// Where the work is, in the seller's word: `served`, `failed`.
    pub work: String,
    /// How certain the settlement is, in the words of [`Finality`](crate::Finality); empty where none is known.
    pub finality: String,
    /// The transaction that moved the money, or may have; 32 zero bytes on the wire where there is none.
    #[serde(with = "serde_forms::zero_hash")]
    pub transaction: Option<B256>,
    /// The newest block that the seller had seen.
    pub block_number: u64,
    /// That block's time.
    pub block_time: UnixSeconds,
    /// When this was signed.
    pub issued_at: UnixSeconds,
}

impl Statement for PaymentStatus {
    type Scope = Network;

    fn signing_hash(&self, network: Network) -> B256 {
        let message = typed::PaymentStatus {
            paymentId: self.payment_id.0,
            money: self.money.clone(),
            work: self.work.clone(),
            finality: self.finality.clone(),
            transaction: self.transaction.unwrap_or_default(),
            blockNumber: self.block_number,
            blockTime: self.block_time,
            issuedAt: self.issued_at,
        };
        message.eip712_signing_hash(&domain("x402 status", network.chain_id()))
    }
}
