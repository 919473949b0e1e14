//! Paying from channels: the rules of the scheme, each over a real chain and across a process that dies.

mod bought;
mod buyer;
mod calls;
mod claims;
mod crash;
mod door;
mod draws;
mod ours;
mod refunds;
mod replicas;
mod services;
mod shop;
mod stock;
mod stock_seller;
mod withdraw;
