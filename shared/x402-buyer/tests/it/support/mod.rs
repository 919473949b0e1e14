//! A seller and a buyer for tests.

mod buyer;
mod draws;
mod proofs;
mod seller;

pub(crate) use buyer::{Buyer, BuyerProcess};
pub(crate) use draws::{draw_offer, draw_seller, forged_draw};
pub(crate) use proofs::Proofs;
pub(crate) use seller::{Call, PAYEE, Seller, ask, ask_for, no_money, offer, settled, settled_in};
