//! Verifiable random draws: a payment and a request go in, random values and a receipt come out, and whoever holds
//! the receipt can check offline that neither seller nor buyer chose the values.
//!
//! The construction, called `rng/v1`:
//!
//! 1. [`DrawRequest`] says what to draw. Its hash is SHA-256 over its canonical JSON (RFC 8785).
//! 2. [`Alpha`] joins that hash to the payment, whose nonce the *buyer* chose.
//! 3. [`SecretKey::prove`] evaluates the VRF on alpha. For one key and one alpha there is exactly one [`Beta`], so the
//!    seller cannot roll again, and the [`Proof`] shows it.
//! 4. [`expand()`] turns beta into the values, by a specification that never changes.
//! 5. The operator appends a [`Leaf`] to a public log, whose [`Checkpoint`]s it signs, and signs a [`Promise`] to have done so.
//! 6. [`DrawReceipt`] carries all of it, and [`DrawReceipt::verify_with`] recomputes all of it.
//!
//! ```
//! use draw::{Draw, DrawInput, DrawReceipt, DrawRequest, Mode, Scheme, SecretKey};
//!
//! let secret = SecretKey::from_seed(&[7; 32]);
//! let input = DrawInput {
//!     epoch: 20_000,
//!     scheme: Scheme::Exact,
//!     chain_id: 84532,
//!     asset: [0xaa; 20],
//!     payer: [0xbb; 20],
//!     nonce: [0xcc; 32],
//!     mode: Mode::Instant,
//! };
//! let request = DrawRequest::single(Draw::Dice { count: 2, sides: 6 })?;
//! let receipt = DrawReceipt::draw(&secret, &input, request)?;
//!
//! let verified = receipt.verify(Some(secret.public_key()))?;
//! assert_eq!(verified.values(), receipt.values);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate does no I/O and asks the system for no entropy: key material is passed in. It is pure Rust, so that it
//! also compiles to WebAssembly.
#![deny(missing_docs)]

pub mod alpha;
pub mod beacon;
pub mod binding;
mod canonical;
pub mod checkpoint;
mod decimal;
pub mod expand;
pub mod hex_bytes;
pub mod leaf;
pub mod note;
pub mod query;
pub mod receipt;
pub mod request;
mod stream;
pub mod tree;
pub mod values;
pub mod vrf;

pub use alpha::{Alpha, DrawInput, Mode, Scheme};
pub use binding::{Binding, Call, Commitment};
pub use checkpoint::{Checkpoint, Promise};
pub use expand::expand;
pub use leaf::Leaf;
pub use note::{LogKey, LogSigner};
pub use query::QueryError;
pub use receipt::{DrawReceipt, LogRecord, Logged, ReceiptError, Trust, VerifiedDraw};
pub use request::{Draw, DrawError, DrawRequest, RequestError, RequestHash, Source, Terms};
pub use values::Values;
pub use vrf::{Beta, Proof, PublicKey, SecretKey, VrfError};
