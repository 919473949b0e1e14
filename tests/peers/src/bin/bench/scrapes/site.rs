//! A site on loopback: an article, and the same as a script makes it.

use axum::{Router, response::Html, routing::get};
use tokio::{net::TcpListener, task::JoinHandle};

/// Words that an article is made of.
const SENTENCE: &str = "The ferry leaves the northern quay at noon, when the tide allows, and is back before the lamps are lit. ";

/// Ends when it is dropped.
pub(super) struct Site {
    host: String,
    task: JoinHandle<()>,
}

impl Site {
    pub(super) async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let host = listener.local_addr()?.to_string();
        let app = Router::new()
            .route("/page", get(async || Html(page(&article()))))
            .route("/app", get(async || Html(application())));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { host, task })
    }

    pub(super) fn host(&self) -> String {
        self.host.clone()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Forty paragraphs with links around them: some 30 KB.
fn article() -> String {
    let links: String =
        (0..60).map(|number| format!("<li><a href=/{number}>Chapter {number}</a></li>")).collect();
    let text: String = (0..40).map(|_| format!("<p>{}</p>", SENTENCE.repeat(6))).collect();
    format!("<nav><ul>{links}</ul></nav><article><h1>The ferry</h1>{text}</article>")
}

fn page(body: &str) -> String {
    format!("<!doctype html><html lang=en><head><title>The ferry</title></head><body>{body}</body></html>")
}

fn application() -> String {
    page(&format!(
        "<div id=root></div><script>document.getElementById('root').innerHTML = `{}`</script>",
        article()
    ))
}
