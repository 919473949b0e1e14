//! A client that costs little: one thread, kept connections, requests written and answers counted by their bytes.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

/// A server, and the connections to it.
pub(crate) struct Client {
    process: u32,
    requests: String,
    answers: Vec<u8>,
    connections: Vec<TcpStream>,
    depth: u32,
    /// Since the figures were last taken.
    tally: Tally,
}

/// How a server fared under load.
pub(crate) struct Load {
    pub(crate) per_second: f64,
    /// Processor time of the server's process for each request, in microseconds; not a number where the system does not tell.
    pub(crate) processor_us: f64,
}

#[derive(Default)]
struct Tally {
    requests: f64,
    seconds: f64,
    processor_seconds: f64,
}

/// Connections that are kept open. On each, the next request waits for the last answer: a closed loop.
const CONNECTIONS: usize = 32;
const LIMIT: Duration = Duration::from_secs(5);

impl Client {
    /// Connects to a server that a process of this machine runs. Of each connection's requests, `depth` go out together.
    pub(crate) fn connect(
        address: SocketAddr,
        process: u32,
        route: &str,
        depth: u32,
    ) -> anyhow::Result<Self> {
        let request = format!("GET {route} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n\r\n");
        let mut connections: Vec<_> = (0..CONNECTIONS).map(|_| connect(address)).collect::<Result<_, _>>()?;
        let length = answer_length(&mut connections[0], &request)?;
        let together = usize::try_from(depth)?;
        Ok(Self {
            process,
            requests: request.repeat(together),
            answers: vec![0; length * together],
            connections,
            depth,
            tally: Tally::default(),
        })
    }

    /// Asks without paying, for as long as `span`.
    pub(crate) fn ask(&mut self, span: Duration) -> anyhow::Result<()> {
        let (mut count, busy, began) = (0, processor_time(self.process), Instant::now());
        while began.elapsed() < span {
            for connection in &mut self.connections {
                connection.write_all(self.requests.as_bytes())?;
            }
            for connection in &mut self.connections {
                connection.read_exact(&mut self.answers)?;
                ensure!(
                    self.answers.starts_with(b"HTTP/1.1 402 "),
                    "an answer that is no 402, or not as long"
                );
                count += self.depth;
            }
        }
        self.tally.seconds += began.elapsed().as_secs_f64();
        self.tally.requests += f64::from(count);
        let after = processor_time(self.process);
        self.tally.processor_seconds += busy.zip(after).map_or(f64::NAN, |(before, after)| after - before);
        Ok(())
    }

    /// The figures since they were last taken.
    pub(crate) fn take(&mut self) -> Load {
        let Tally { requests, seconds, processor_seconds } = std::mem::take(&mut self.tally);
        Load { per_second: requests / seconds, processor_us: processor_seconds * 1e6 / requests }
    }
}

fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(LIMIT))?;
    Ok(connection)
}

/// All answers to one request have the same length, date included.
fn answer_length(connection: &mut TcpStream, request: &str) -> anyhow::Result<usize> {
    connection.write_all(request.as_bytes())?;
    let (mut answer, mut part) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let read = connection.read(&mut part)?;
        ensure!(read > 0, "the server hung up");
        answer.extend_from_slice(&part[..read]);
        if let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") {
            let length = head + 4 + content_length(std::str::from_utf8(&answer[..head])?)?;
            if answer.len() >= length {
                return Ok(length);
            }
        }
    }
}

fn content_length(head: &str) -> anyhow::Result<usize> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let value = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(value.context("no Content-Length")?.1.trim().parse()?)
}

/// The time that all threads of a process ran, in seconds.
pub(crate) fn processor_time(process: u32) -> Option<f64> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let nanoseconds = |thread: fs::DirEntry| -> Option<f64> {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    let times: Option<Vec<_>> = threads.flatten().map(nanoseconds).collect();
    Some(times?.iter().sum::<f64>() / 1e9)
}
