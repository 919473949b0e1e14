//! End-to-end tests: a real chain, real services, real HTTP. One module a capability.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

#[path = "../../shared/service-kit/tests/support/mod.rs"]
mod program;
mod support;

mod abuse;
mod attachments;
mod batteries;
mod beacon_draw;
mod bought_draw;
mod bought_scrape;
mod challenge;
mod channels;
mod contract_wallets;
mod crash;
mod dependencies;
mod disk_full;
mod every_move;
mod exactly_once;
mod failed_work;
mod faults;
mod finality;
mod hostile_payments;
mod identifiers;
mod ledger;
mod own_router;
mod paid_calls;
mod priced_by_request;
mod receipts;
mod refunds;
mod replicas;
mod scrapes;
mod stock_clients;
