//! Where connections come in, or are refused.

use std::{future::pending, io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::exchange::Exchange;

/// What the door is told.
pub(crate) enum Order {
    /// Break all connections and refuse new ones, for a time or until further notice.
    Leave {
        time: Option<Duration>,
        done: Option<oneshot::Sender<()>>,
    },
    ComeBack {
        done: oneshot::Sender<io::Result<()>>,
    },
    Stop,
}

/// A door at one address.
pub(crate) struct Door {
    address: SocketAddr,
    exchange: Arc<Exchange>,
    entry: Entry,
    connections: JoinSet<()>,
}

enum Entry {
    Open(TcpListener),
    Shut {
        /// Bound without listening: connections are refused, and nobody else is given the port.
        reservation: Option<TcpSocket>,
        until: Option<Instant>,
    },
}

enum Event {
    Arrival(io::Result<(TcpStream, SocketAddr)>),
    Order(Option<Order>),
    TimeIsUp,
    ConnectionEnded,
}

const BACKLOG: u32 = 1024;
/// How long to wait where the operating system refuses a connection or the address.
const PAUSE: Duration = Duration::from_millis(50);

impl Door {
    /// Serves at the address of `listener` until it is told to stop.
    pub(crate) async fn run(
        listener: std::net::TcpListener,
        exchange: Arc<Exchange>,
        mut orders: mpsc::UnboundedReceiver<Order>,
    ) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let entry = Entry::Open(TcpListener::from_std(listener)?);
        let mut door = Self { address, exchange, entry, connections: JoinSet::new() };
        loop {
            let event = tokio::select! {
                order = orders.recv() => Event::Order(order),
                event = door.entry.next() => event,
                Some(_) = door.connections.join_next() => Event::ConnectionEnded,
            };
            match event {
                Event::Arrival(Ok((stream, _))) => door.admit(stream),
                Event::Arrival(Err(_)) => sleep(PAUSE).await, // out of file descriptors, say
                Event::TimeIsUp => door.try_to_come_back(),
                Event::ConnectionEnded => {}
                Event::Order(Some(Order::Leave { time, done })) => {
                    door.leave(time).await;
                    let _ = done.map(|done| done.send(()));
                }
                Event::Order(Some(Order::ComeBack { done })) => drop(done.send(door.come_back())),
                Event::Order(Some(Order::Stop) | None) => return Ok(()),
            }
        }
    }

    fn admit(&mut self, stream: TcpStream) {
        self.connections.spawn(serve(stream, self.exchange.clone()));
    }

    async fn leave(&mut self, time: Option<Duration>) {
        let until = time.map(|time| Instant::now() + time);
        self.entry = Entry::Shut { reservation: None, until }; // closes the listener, so that the port can be bound
        self.entry = Entry::Shut { reservation: reserve(self.address).ok(), until };
        self.connections.shutdown().await;
    }

    fn come_back(&mut self) -> io::Result<()> {
        if let Entry::Shut { reservation, .. } = &mut self.entry {
            let socket = reservation.take().map_or_else(|| reserve(self.address), Ok)?;
            self.entry = Entry::Open(socket.listen(BACKLOG)?);
        }
        Ok(())
    }

    fn try_to_come_back(&mut self) {
        if self.come_back().is_err()
            && let Entry::Shut { until, .. } = &mut self.entry
        {
            *until = Some(Instant::now() + PAUSE);
        }
    }
}

impl Entry {
    async fn next(&self) -> Event {
        match self {
            Self::Open(listener) => Event::Arrival(listener.accept().await),
            Self::Shut { until: Some(until), .. } => {
                sleep_until(*until).await;
                Event::TimeIsUp
            }
            Self::Shut { until: None, .. } => pending().await,
        }
    }
}

fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?; // connections of before may linger
    socket.bind(address)?;
    Ok(socket)
}

async fn serve(stream: TcpStream, exchange: Arc<Exchange>) {
    let _ = stream.set_nodelay(true);
    let answer = service_fn(|request| exchange.clone().answer(request));
    // An error is a client that hangs up, or a connection that we were told to break.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}
