//! A server that goes and comes back.

use std::{
    io::{self, ErrorKind},
    time::{Duration, Instant},
};

use devnet::{DevnetError, FaultProxy, Faults};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpStream};

use crate::{
    chain::silence,
    line::{Line, call},
};

impl Line {
    async fn connect(&self) -> io::Result<TcpStream> {
        TcpStream::connect(self.proxy.url().strip_prefix("http://").unwrap()).await
    }

    /// Asks until there is an answer, and tells when it came.
    async fn back(&self) -> Instant {
        let patience = Instant::now() + Duration::from_secs(10);
        while self.send("eth_chainId", json!([])).await.is_err() {
            assert!(Instant::now() < patience, "it does not come back");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Instant::now()
    }
}

#[tokio::test]
async fn it_goes_once_the_work_is_done_and_comes_back_at_the_same_address() {
    let line = Line::with("gone(1s)@eth_sendTransaction=next:1").await;
    let began = Instant::now();
    line.send("eth_sendTransaction", line.wei()).await.unwrap_err();
    line.until_sent(1).await;
    assert_eq!(line.connect().await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(line.back().await - began >= Duration::from_secs(1));
}

#[tokio::test]
async fn it_can_be_sent_away_and_called_back_many_times() {
    let line = Line::with("").await;
    for _ in 0..5 {
        line.proxy.leave().await;
        line.proxy.leave().await;
        assert_eq!(line.connect().await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        line.proxy.come_back().await.unwrap();
        line.proxy.come_back().await.unwrap();
        assert_eq!(line.ask("eth_chainId", json!([])).await, "0x14a34");
    }
}

#[tokio::test]
async fn whoever_waits_for_an_answer_when_it_goes_gets_none() {
    let line = Line::with("delay(20s)").await;
    let mut idle = line.connect().await.unwrap();
    let waiting = tokio::spawn(line.request(&call(1, "eth_chainId", json!([]))).send());
    line.until(|counts| counts.forwarded == 1).await;
    line.proxy.leave().await;
    assert!(waiting.await.unwrap().unwrap_err().is_request());
    assert!(matches!(idle.read(&mut [0]).await, Ok(0) | Err(_)), "idle connections break too");
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let line = Line::with("delay(20s)").await;
    let waiting = tokio::spawn(line.request(&call(1, "eth_chainId", json!([]))).send());
    line.until(|counts| counts.forwarded == 1).await;
    let (url, Line { chain, proxy, .. }) = (line.proxy.url(), line);
    drop(proxy);
    silence(&url).await;
    assert!(waiting.await.unwrap().is_err());
    assert!(chain.rpc::<Value>("eth_chainId", ()).await.is_ok());
}

#[tokio::test]
async fn a_taken_address_and_a_wrong_target_are_told_apart() {
    let proxy = FaultProxy::start("http://127.0.0.1:1", Faults::default()).unwrap();
    let address = proxy.url().strip_prefix("http://").unwrap().parse().unwrap();
    let second = FaultProxy::start_at(address, "http://127.0.0.1:1", Faults::default());
    assert!(matches!(second, Err(DevnetError::Listen { address: at, .. }) if at == address));
    for target in ["", "127.0.0.1:1", "ws://127.0.0.1:1", "http://"] {
        let wrong = FaultProxy::start(target, Faults::default());
        assert!(matches!(wrong, Err(DevnetError::Target(named)) if named == target));
    }
}
