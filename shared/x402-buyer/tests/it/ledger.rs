//! Ledgers that an earlier version of this program wrote.

use sqlx::{ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};
use x402::{Address, B256, ChannelConfig, Network, Usdc};
use x402_buyer::{Kind, SpendLedger, UnixMillis};

const NETWORK: Network = Network::BaseSepolia;

#[tokio::test]
async fn a_ledger_of_version_2_keeps_its_channels_and_what_its_deposits_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("buyer.db");
    let config = ChannelConfig {
        payer: Address::repeat_byte(1),
        payer_authorizer: Address::repeat_byte(1),
        receiver: Address::repeat_byte(2),
        receiver_authorizer: Address::repeat_byte(3),
        token: NETWORK.usdc().address,
        withdraw_delay: 900,
        salt: B256::ZERO,
    };
    let id = config.id(NETWORK);
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut before = options.connect().await.unwrap();
    before.execute(include_str!("ledger_v2.sql")).await.unwrap();
    before.execute("PRAGMA user_version = 2").await.unwrap();
    let now = UnixMillis::now().as_millis();
    let channel =
        "INSERT INTO channels VALUES (?, ?, ?, 'seller', 'GET http://seller/', 900, 100, 100, 0, ?)";
    let channel = sqlx::query(channel).bind(id.to_string()).bind(serde_json::to_string(&config).unwrap());
    channel.bind(NETWORK.caip2()).bind(now).execute(&mut before).await.unwrap();
    let deposit =
        "INSERT INTO channel_deposits VALUES ('0x01', ?, ?, 'seller', ?, 'research', 1000, 100, ?, '{}')";
    let deposit = sqlx::query(deposit).bind(id.to_string()).bind(NETWORK.caip2());
    deposit.bind(config.receiver.to_string()).bind(now).execute(&mut before).await.unwrap();
    before.close().await.unwrap();

    for _ in 0..2 {
        let ledger = SpendLedger::open(&path).await.unwrap();
        let row = ledger.channel(id).await.unwrap().unwrap();
        assert_eq!((row.config, row.balance, row.withdrawal), (config, Usdc::from_atomic(900), None));
        assert_eq!(row.left(), Usdc::from_atomic(800));
        let history = ledger.history(9).await.unwrap();
        let listed: Vec<_> = history.iter().map(|entry| (entry.kind, entry.amount, entry.channel)).collect();
        assert_eq!(listed, [(Kind::Deposit, Usdc::from_atomic(1000), Some(id))]);
        assert_eq!(ledger.spent(NETWORK, "research").await.unwrap(), Usdc::from_atomic(900));
    }
}
