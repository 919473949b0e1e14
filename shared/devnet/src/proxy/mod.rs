//! A reverse proxy that misbehaves as it is told.

mod call;
mod door;
mod exchange;
mod inflict;
mod message;
mod server;
mod stale;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    thread::{self, JoinHandle},
};

use reqwest::Url;
use tokio::{
    runtime::Builder,
    sync::{mpsc, oneshot},
};

use crate::{Counts, DevnetError, Faults};
use door::{Door, Order};
use exchange::Exchange;
use server::Server;

/// An HTTP/1.1 reverse proxy between a client and one server, a JSON-RPC node or a facilitator, that inflicts [`Faults`].
///
/// Without faults it is transparent: methods, paths, statuses, headers and bodies pass as they are, but for what belongs to
/// one connection, such as `Host`, and a request without `Accept` gets `*/*`, which says the same. Where the server does not answer, neither does the proxy: the connection is closed. Bodies
/// are read whole, and there is no WebSocket.
///
/// It has a thread of its own, so that a test which blocks its runtime does not stop it, and ends when it is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use devnet::{Devnet, Fault, FaultProxy, Faults, Options};
/// use serde_json::{Value, json};
///
/// let chain = Devnet::start(Options::default()).await?;
/// let proxy = FaultProxy::start(chain.rpc_url(), "429@eth_chainId=next:1".parse()?)?;
/// let question = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": [] });
/// let client = reqwest::Client::builder().no_proxy().build()?;
/// let ask = || client.post(proxy.url()).json(&question).send();
///
/// assert_eq!(ask().await?.status(), 429);
/// assert_eq!(ask().await?.json::<Value>().await?["result"], "0x14a34");
/// assert_eq!(proxy.counts().of(Fault::TooManyRequests { retry_after: 1 }), 1);
///
/// proxy.set(Faults::default()); // from here on nothing goes wrong
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    exchange: Arc<Exchange>,
    orders: mpsc::UnboundedSender<Order>,
    thread: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Starts a proxy on a free port of this machine. It listens when this returns.
    ///
    /// # Errors
    /// [`DevnetError::Target`] where the URL of the server is not one of HTTP.
    pub fn start(target_url: &str, faults: Faults) -> Result<Self, DevnetError> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), target_url, faults)
    }

    /// Starts a proxy at an address.
    ///
    /// # Errors
    /// As [`start`](Self::start), and [`DevnetError::Listen`] where the address is taken or not ours.
    pub fn start_at(address: SocketAddr, target_url: &str, faults: Faults) -> Result<Self, DevnetError> {
        let server = Server::new(target(target_url)?)?;
        let (orders, received) = mpsc::unbounded_channel();
        let exchange = Arc::new(Exchange::new(server, faults, orders.clone()));
        let refused = |source| DevnetError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(refused)?;
        let door = Door::run(listener, exchange.clone(), received);
        let run = move || {
            let _ = runtime.block_on(door); // clients notice a listener that fails
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("devnet-faults".into()).spawn(run).map_err(refused)?;
        Ok(Self { address, exchange, orders, thread: Some(thread) })
    }

    /// Where the proxy answers instead of the server: `http://127.0.0.1:<port>`, without a slash at the end. A path in the
    /// server's URL is put before the path of each request.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes the faults. Schedules start from their beginning; requests that are under way keep theirs.
    pub fn set(&self, faults: Faults) {
        self.exchange.set(faults);
    }

    /// What the proxy has done since it was started.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.exchange.counts()
    }

    /// Breaks every connection and refuses new ones until [`come_back`](Self::come_back). Nobody else gets the port.
    pub async fn leave(&self) {
        let (done, left) = oneshot::channel();
        let _ = self.orders.send(Order::Leave { time: None, done: Some(done) });
        let _ = left.await; // the thread ends only with us
    }

    /// Listens again, at the same address.
    ///
    /// # Errors
    /// [`DevnetError::Listen`] if the operating system refuses.
    pub async fn come_back(&self) -> Result<(), DevnetError> {
        let (done, back) = oneshot::channel();
        let _ = self.orders.send(Order::ComeBack { done });
        let listens = back.await.unwrap_or(Ok(()));
        listens.map_err(|source| DevnetError::Listen { address: self.address, source })
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn target(url: &str) -> Result<Url, DevnetError> {
    let parsed = url.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    parsed.ok_or_else(|| DevnetError::Target(url.to_owned()))
}
