//! A web site on this machine that answers what it is told to, word for word.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// How a path is answered.
#[derive(Clone)]
pub(crate) enum Reply {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// These bytes, then these again and again, with a pause.
    Forever(Vec<u8>, Vec<u8>, Duration),
}

/// A site that runs until its test ends.
pub(crate) struct Site {
    address: SocketAddr,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Site {
    /// A site with nothing on it.
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (replies, asked) = (Arc::<Mutex<HashMap<_, _>>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let (on, log) = (replies.clone(), asked.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, on.clone(), log.clone()));
            }
        });
        Self { address, replies, asked, task }
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers a path with a reply.
    pub(crate) fn on(&self, path: &str, reply: Reply) -> &Self {
        self.replies.lock().expect("a site").insert(path.to_owned(), reply);
        self
    }

    /// Answers a path with a status, fields, and a body of the right length.
    pub(crate) fn page(&self, path: &str, status: &str, fields: &str, body: impl AsRef<[u8]>) -> &Self {
        let body = body.as_ref();
        let mut bytes =
            format!("HTTP/1.1 {status}\r\n{fields}content-length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        self.on(path, Reply::Bytes(bytes))
    }

    pub(crate) fn html(&self, path: &str, body: impl AsRef<[u8]>) -> &Self {
        self.page(path, "200 OK", "content-type: text/html\r\n", body)
    }

    /// Sends a path elsewhere.
    pub(crate) fn redirect(&self, path: &str, to: &str) -> &Self {
        self.page(path, "302 Found", &format!("location: {to}\r\n"), "")
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.asked.lock().expect("a log").iter().filter(|asked| *asked == path).count()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(
    mut stream: TcpStream,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => head.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().expect("a log").push(path.clone());
    let reply = replies.lock().expect("a site").get(&path).cloned();
    let nothing = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec();
    // A client that has had enough hangs up: that is what many of these tests are about.
    let _ = match reply.unwrap_or(Reply::Bytes(nothing)) {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await,
        Reply::Forever(first, again, pause) => forever(&mut stream, &first, &again, pause).await,
    };
    let _ = stream.shutdown().await;
}

async fn forever(stream: &mut TcpStream, first: &[u8], again: &[u8], pause: Duration) -> std::io::Result<()> {
    stream.write_all(first).await?;
    loop {
        stream.write_all(again).await?;
        tokio::time::sleep(pause).await;
    }
}

/// A page that anybody would call an article.
pub(crate) fn article() -> String {
    let paragraph = "The lighthouse at the end of the pier was built of granite in a year when the herring came early, \
        and it has stood there since, through every storm that the almanacs of the town have a name for. ";
    format!(
        "<!doctype html><html lang=en><head><title>The lighthouse</title></head><body><nav><a href=/>Home</a></nav>\
         <article><h1>The lighthouse</h1><p>{0}</p><p>{0}</p><p>{0}</p></article></body></html>",
        paragraph.repeat(3)
    )
}
