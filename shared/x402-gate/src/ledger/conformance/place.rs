use std::sync::atomic::{AtomicU64, Ordering};

use scratch_postgres::ScratchPostgres;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use x402::{
    Address, B256, Network, PaymentKey, PaymentNonce, PaymentPayload, PaymentRequirements, RequestHash,
    SettleRequest, Usdc,
};
use x402_facilitator::Settled;

use crate::{
    Flow, Ledger, LedgerError, Money, Work,
    ledger::{Answer, Claim, NewPayment, Record, Update},
};

pub(super) const PAY_TO: Address = Address::repeat_byte(0xaa);
pub(super) const PRICE: Usdc = Usdc::from_atomic(10_000);
pub(super) const MINUTE: i64 = 60_000;

/// A database for a ledger, empty at first and gone with its test.
pub(super) enum Place {
    Sqlite(TempDir),
    Postgres(ScratchPostgres),
}

impl Place {
    pub(super) fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().expect("a folder"))
    }

    pub(super) fn postgres() -> Self {
        Self::Postgres(ScratchPostgres::start().expect("a server"))
    }

    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().join("ledger.db").display()),
            Self::Postgres(server) => server.url(),
        }
    }

    pub(super) async fn open(&self) -> Ledger {
        self.open_for(Network::BaseSepolia, PAY_TO).await.expect("opened")
    }

    pub(super) async fn open_for(&self, network: Network, pay_to: Address) -> Result<Ledger, LedgerError> {
        Ledger::open(&self.url(), network, pay_to).await
    }

    /// As many as can share the database: two on Postgres, one process on SQLite.
    pub(super) async fn replicas(&self) -> Vec<Ledger> {
        match self {
            Self::Sqlite(_) => vec![self.open().await],
            Self::Postgres(_) => vec![self.open().await, self.open().await],
        }
    }
}

/// Does as the operator of a Postgres.
pub(super) async fn operate(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.expect("connected");
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.expect("done");
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("entropy");
    bytes
}

/// A payment of somebody who holds a hundred times the price, about to be claimed for a minute.
pub(super) fn payment(flow: Flow) -> NewPayment {
    let offer = PaymentRequirements::exact(Network::BaseSepolia, PRICE, PAY_TO, 60);
    NewPayment {
        key: PaymentKey {
            chain_id: Network::BaseSepolia.chain_id(),
            asset: offer.asset,
            payer: random().into(),
            nonce: PaymentNonce(random().into()),
        },
        amount: PRICE,
        route: "POST /item".to_owned(),
        flow,
        request_hash: RequestHash(random().into()),
        request: None,
        settlement: SettleRequest {
            x402_version: 2,
            payment_payload: PaymentPayload {
                x402_version: 2,
                resource: None,
                accepted: offer.clone(),
                payload: serde_json::json!({ "signature": "0x00" }),
                extensions: None,
            },
            payment_requirements: offer,
        },
        bound: true,
        identifier: None,
        valid_before: u64::MAX,
        claimed_block: 7,
        balance: Usdc::from_atomic(100 * PRICE.atomic()),
        attempt: random(),
        lease_ms: MINUTE,
    }
}

/// The same payment as another caller would claim it.
pub(super) fn copy(payment: &NewPayment) -> NewPayment {
    NewPayment { attempt: random(), ..payment.clone() }
}

/// Another payment of the same payer.
pub(super) fn next(payment: &NewPayment) -> NewPayment {
    let key = PaymentKey { nonce: PaymentNonce(random().into()), ..payment.key };
    NewPayment { key, attempt: random(), ..payment.clone() }
}

/// Claims a payment that nobody claimed before.
pub(super) async fn won(ledger: &Ledger, payment: NewPayment) -> Record {
    match ledger.claim(payment).await.expect("claimed") {
        Claim::Won(record) => *record,
        other => panic!("not won: {other:?}"),
    }
}

/// Where the chain shows a payment: in a block after the claim's, in a log of its own.
pub(super) fn settled() -> Settled {
    static LOG: AtomicU64 = AtomicU64::new(0);
    Settled {
        transaction: B256::repeat_byte(0x77),
        block_hash: B256::repeat_byte(0xbb),
        block_number: 8,
        log_index: LOG.fetch_add(1, Ordering::Relaxed),
        gas_used: 85_800,
        finality: x402::Finality::Block,
    }
}

/// A move that brings along whatever the new state needs, and lets go.
pub(super) fn to(record: &Record, money: Money, work: Work) -> Update {
    let answer =
        Answer { status: http::StatusCode::OK, headers: http::HeaderMap::new(), body: "done".into() };
    Update {
        id: record.id,
        fence: record.fence,
        from: (record.money, record.work),
        to: (money, work),
        runs: record.runs,
        lease_ms: 0,
        reason: None,
        answer: (record.work != work && work == Work::Served).then_some(answer),
        attachment: None,
        proof: None,
        transaction: None,
        settled: (money == Money::Settled).then(settled),
        owed: None,
    }
}

/// Moves a payment, and answers what the ledger then holds.
pub(super) async fn moved(ledger: &Ledger, update: Update) -> Record {
    let id = update.id;
    ledger.update(update).await.expect("moved");
    ledger.get(id).await.expect("read").expect("there")
}
