//! A browser: ours, in a process of its own, or one elsewhere.

use std::{
    io,
    process::Stdio,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use chromiumoxide::{
    browser::Browser,
    handler::{HandlerConfig, viewport::Viewport},
};
use futures_util::StreamExt as _;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, Command},
};
use tokio_util::task::AbortOnDropHandle;

use super::{BrowserSettings, GUARD, RenderError};

/// How long a browser may take to start.
const START: Duration = Duration::from_secs(20);
/// What a window shows.
pub(super) const WINDOW: (u32, u32) = (1280, 800);

/// What makes Chromium a renderer and nothing else. It has no way out of its own: each page gets one, through us.
const FLAGS: [&str; 17] = [
    "--headless",
    "--remote-debugging-port=0",
    "--proxy-server=http://127.0.0.1:1",
    "--proxy-bypass-list=<-loopback>",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication,PaymentRequest",
    "--no-first-run",
    "--no-default-browser-check",
    "--mute-audio",
];

/// A browser that runs.
pub(super) struct Instance {
    pub(super) browser: Browser,
    /// Nothing new is begun in it.
    pub(super) broken: AtomicBool,
    pub(super) pages: AtomicU32,
    _events: AbortOnDropHandle<()>,
    _guard: Option<Guard>,
}

/// The guard of a browser: dropped, its stdin ends, and it ends the browser.
struct Guard {
    _process: Child,
    _stdin: ChildStdin,
    _log: AbortOnDropHandle<()>,
}

impl Instance {
    pub(super) async fn open(settings: &BrowserSettings) -> Result<Self, RenderError> {
        let (url, guard) = match &settings.browser_url {
            Some(url) => (url.to_string(), None),
            None => {
                let started = tokio::time::timeout(START, start(settings)).await;
                let late = |_| RenderError::Browser("it does not start".to_owned());
                let (url, guard) = started.map_err(late)??;
                (url, Some(guard))
            }
        };
        let config = HandlerConfig {
            ignore_https_errors: false,
            viewport: Some(Viewport { width: WINDOW.0, height: WINDOW.1, ..Viewport::default() }),
            ..HandlerConfig::default()
        };
        let (browser, mut events) = Browser::connect_with_config(url, config).await?;
        let events = tokio::spawn(async move { while events.next().await.is_some() {} });
        metrics::counter!("scraper_browsers_started_total").increment(1);
        Ok(Self {
            browser,
            broken: AtomicBool::new(false),
            pages: AtomicU32::new(0),
            _events: AbortOnDropHandle::new(events),
            _guard: guard,
        })
    }

    /// Takes a place for another page, where this browser may have one.
    pub(super) fn admit(&self, limit: u32) -> bool {
        !self.broken.load(Ordering::Relaxed) && self.pages.fetch_add(1, Ordering::Relaxed) < limit
    }
}

async fn start(settings: &BrowserSettings) -> Result<(String, Guard), RenderError> {
    let program = settings.program().ok_or_else(RenderError::missing)?;
    let mut command = Command::new(std::env::current_exe().map_err(|error| failed(&error))?);
    command.arg(GUARD).arg(program).arg("--").args(FLAGS);
    if settings.browser_no_sandbox {
        command.arg("--no-sandbox");
    }
    // A browser is told nothing of our environment but where its own libraries and fonts are.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder = std::env::temp_dir();
    command
        .env_clear()
        .env("PATH", path)
        .env("TMPDIR", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // What a terminal sends to all of a group must not end the guard before the browser.
        .process_group(0);
    let mut process = command.spawn().map_err(|error| failed(&error))?;
    let (Some(stdin), Some(stderr)) = (process.stdin.take(), process.stderr.take()) else {
        return Err(RenderError::Browser("it has no pipes".to_owned()));
    };
    let mut lines = BufReader::new(stderr).lines();
    let url = endpoint(&mut lines).await?;
    // It goes on talking, and would stop for nobody listening.
    let log = tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            tracing::debug!(line, "browser");
        }
    });
    Ok((url, Guard { _process: process, _stdin: stdin, _log: AbortOnDropHandle::new(log) }))
}

/// The DevTools endpoint, out of what a browser says when it starts.
async fn endpoint(lines: &mut Lines<BufReader<ChildStderr>>) -> Result<String, RenderError> {
    let mut last = "it ended without a word".to_owned();
    while let Some(line) = lines.next_line().await.map_err(|error| failed(&error))? {
        if let Some(url) = line.strip_prefix("DevTools listening on ") {
            return Ok(url.trim().to_owned());
        }
        last = line;
    }
    Err(RenderError::Browser(last))
}

fn failed(error: &io::Error) -> RenderError {
    RenderError::Browser(error.to_string())
}
