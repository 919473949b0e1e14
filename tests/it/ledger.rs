//! Whose ledger it is, and that nobody shares it.

use tempfile::TempDir;
use x402::{Address, Network};
use x402_gate::{Ledger, LedgerError};

const OURS: Address = Address::repeat_byte(1);
const THEIRS: Address = Address::repeat_byte(2);

#[tokio::test]
async fn a_ledger_belongs_to_one_payee_on_one_network_and_one_process() {
    let folder = TempDir::new().expect("a folder");
    let url = format!("sqlite://{}/deep/ledger.db", folder.path().display());
    let ledger = Ledger::open(&url, Network::BaseSepolia, OURS).await.expect("made");
    let second = Ledger::open(&url, Network::BaseSepolia, OURS).await;
    assert!(matches!(second, Err(LedgerError::InUse(_))), "one process at a time");
    ledger.close().await;
    drop(ledger);
    for (network, payee) in [(Network::BaseSepolia, THEIRS), (Network::Base, OURS)] {
        let other = Ledger::open(&url, network, payee).await;
        assert!(matches!(other, Err(LedgerError::OtherOwner(_))), "{network} {payee}");
    }
    Ledger::open(&url, Network::BaseSepolia, OURS)
        .await
        .expect("opened again")
        .ping()
        .await
        .expect("it answers");
}

#[tokio::test]
async fn a_url_of_an_unknown_database_is_refused() {
    for url in ["mysql://localhost/x", "data/x.db", "sqlite://", ""] {
        let refused = Ledger::open(url, Network::Base, OURS).await;
        assert!(matches!(refused, Err(LedgerError::UnsupportedUrl(_))), "{url:?}");
    }
}
