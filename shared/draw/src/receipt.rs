//! The receipt of a draw, and its verification.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Alpha, Binding, DrawInput, DrawRequest, Mode, Proof, RequestHash, Scheme, SecretKey, Values, VrfError,
    expand, hex_bytes,
};

mod error;
pub mod log;
mod verify;

pub use error::ReceiptError;
pub use log::{LogRecord, Logged};
pub use verify::{Trust, VerifiedDraw};

/// Most bytes of a receipt's JSON that are read: the largest request with all its values fits.
pub const MAX_RECEIPT_JSON: usize = 8 * 1024 * 1024;

/// Version of the receipt and of the construction behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Format {
    /// This one.
    #[serde(rename = "rng/v1")]
    RngV1,
}

/// All that it takes to check a draw offline. Binary data is `0x` and hex.
///
/// Unknown members are refused: a claim that this version cannot check must not look checked. The fields are public
/// to be read and shown; only [`DrawReceipt::verify`] says whether they are true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(description = "All that it takes to check a draw offline. Binary data is 0x and hex.")]
pub struct DrawReceipt {
    /// Always `rng/v1`.
    pub format: Format,
    /// Days since 1970-01-01 UTC. Each has one key.
    pub epoch: u32,
    /// How the draw was paid for.
    pub scheme: Scheme,
    /// EIP-155 chain id of the payment.
    pub chain_id: u64,
    /// Address of the token paid in.
    #[serde(with = "hex_bytes")]
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{40}$"))]
    pub asset: [u8; 20],
    /// Address of the payer.
    #[serde(with = "hex_bytes")]
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{40}$"))]
    pub payer: [u8; 20],
    /// Nonce of the payment, or the name of the call in a channel.
    #[serde(with = "hex_bytes")]
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{64}$"))]
    pub nonce: [u8; 32],
    /// Where the unpredictability comes from.
    pub mode: Mode,
    /// What the payment's nonce is tied to.
    pub binding: Binding,
    /// The request, with all defaults filled in.
    pub request: DrawRequest,
    /// SHA-256 of the canonical JSON of the request.
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{64}$"))]
    pub request_hash: RequestHash,
    /// The VRF key of the epoch.
    #[serde(with = "hex_bytes")]
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{64}$"))]
    pub public_key: [u8; 32],
    /// The VRF proof over alpha.
    #[schemars(with = "String", regex(pattern = "^0x[0-9a-fA-F]{160}$"))]
    pub proof: Proof,
    /// What was drawn, one item for each draw of the request.
    pub values: Vec<Values>,
    /// Where the draw is logged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogRecord>,
}

impl DrawReceipt {
    /// Draws, and writes the receipt.
    ///
    /// # Errors
    /// As [`SecretKey::prove`].
    pub fn draw(secret: &SecretKey, input: &DrawInput, request: DrawRequest) -> Result<Self, VrfError> {
        let request_hash = request.hash();
        let (proof, beta) = secret.prove(Alpha::new(input, &request_hash).as_bytes())?;
        Ok(Self {
            format: Format::RngV1,
            epoch: input.epoch,
            scheme: input.scheme,
            chain_id: input.chain_id,
            asset: input.asset,
            payer: input.payer,
            nonce: input.nonce,
            mode: input.mode,
            binding: Binding::Plain,
            values: expand(&beta, &request),
            request,
            request_hash,
            public_key: *secret.public_key().as_bytes(),
            proof,
            log: None,
        })
    }

    /// Reads a receipt from JSON, with unknown and duplicate members refused. Nothing is verified yet.
    ///
    /// # Errors
    /// The text is too long or no such receipt.
    pub fn from_json(json: &[u8]) -> Result<Self, ReceiptError> {
        if json.len() > MAX_RECEIPT_JSON {
            return Err(ReceiptError::TooLong { size: json.len() });
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// The input that the receipt claims.
    pub fn input(&self) -> DrawInput {
        DrawInput {
            epoch: self.epoch,
            scheme: self.scheme,
            chain_id: self.chain_id,
            asset: self.asset,
            payer: self.payer,
            nonce: self.nonce,
            mode: self.mode,
        }
    }
}
