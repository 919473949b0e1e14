//! Pages as a browser makes them: in a pool of places in a browser that is replaced before it grows old, and that reaches nothing
//! which the fetcher would not.

mod chromium;
pub mod guard;
mod page;
mod proxy;
mod settings;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use chromiumoxide::error::CdpError;
use tokio::sync::{Mutex, Semaphore};
use url::Url;

pub use guard::GUARD;
pub use settings::BrowserSettings;

use crate::{
    api::ScrapeRequest,
    fetch::{AllowedOrigins, Connector},
};
use chromium::Instance;
use proxy::Proxy;

/// Why a page was not rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// There is nothing to render with.
    #[error("{0}")]
    NoBrowser(String),
    /// Every place is taken, and stays so.
    #[error("every browser page is in use")]
    Busy,
    /// The page took too long.
    #[error("the page is not rendered within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// What was to be waited for cannot come.
    #[error("{0}")]
    Waited(String),
    /// The page does not open.
    #[error("the browser cannot open the page: {0}")]
    Page(String),
    /// The browser failed, through no fault of the page that we know of.
    #[error("the browser failed: {0}")]
    Browser(String),
}

/// A page as a browser has made it.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Where the browser was in the end.
    pub url: String,
    /// The status of its last navigation.
    pub status: u16,
    /// The page.
    pub html: String,
    /// A picture of it, PNG.
    pub screenshot: Option<Vec<u8>>,
    /// Where the page wanted to go and was not let.
    pub refused: Vec<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// What renders, if anything does.
pub struct Browser {
    settings: BrowserSettings,
    way_out: (Connector, AllowedOrigins),
    user_agent: String,
    places: Semaphore,
    instance: Mutex<Option<Arc<Instance>>>,
}

impl Browser {
    /// A browser that is started by the first page that needs it.
    #[must_use]
    pub fn new(settings: BrowserSettings, way_out: (Connector, AllowedOrigins), user_agent: String) -> Self {
        if settings.browser_no_sandbox {
            tracing::warn!(
                "the browser runs WITHOUT ITS SANDBOX: a page that breaks it has all that this user has"
            );
        }
        let places = Semaphore::new(settings.browser_pages.max(1));
        Self { settings, way_out, user_agent, places, instance: Mutex::default() }
    }

    /// Whether there is a browser.
    ///
    /// # Errors
    /// [`RenderError::NoBrowser`] says how to get one.
    pub fn available(&self) -> Result<(), RenderError> {
        if self.settings.browser_url.is_some() || self.settings.program().is_some() {
            return Ok(());
        }
        Err(RenderError::missing())
    }

    /// Renders a page.
    ///
    /// # Errors
    /// [`RenderError`]: whatever became of the browser, the next page finds one.
    pub async fn render(&self, url: &Url, request: &ScrapeRequest) -> Result<Rendered, RenderError> {
        let deadline = self.settings.render_deadline_ms;
        let place = tokio::time::timeout(deadline, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(RenderError::Busy) };
        let instance = self.instance().await?;
        let ip = self.settings.browser_proxy_ip;
        let proxy = Proxy::open(ip, self.way_out.clone(), self.settings.render_bytes).await;
        let proxy = proxy.map_err(|error| RenderError::Browser(error.to_string()))?;
        let rendering = page::render(&instance, &proxy, url, request, &self.user_agent);
        let rendered = tokio::time::timeout(deadline, rendering).await;
        let rendered = rendered.unwrap_or(Err(RenderError::Deadline(deadline)));
        if matches!(rendered, Err(RenderError::Deadline(_) | RenderError::Browser(_))) {
            // What it is still busy with is not worth finding out: it goes when its last page does.
            instance.broken.store(true, Ordering::Relaxed);
        }
        rendered
    }

    /// The browser of the moment, or the next one.
    async fn instance(&self) -> Result<Arc<Instance>, RenderError> {
        let mut current = self.instance.lock().await;
        if let Some(instance) =
            current.as_ref().filter(|instance| instance.admit(self.settings.pages_per_browser))
        {
            return Ok(Arc::clone(instance));
        }
        *current = None;
        let instance = Arc::new(Instance::open(&self.settings).await?);
        instance.admit(self.settings.pages_per_browser);
        *current = Some(Arc::clone(&instance));
        Ok(instance)
    }
}

impl RenderError {
    fn missing() -> Self {
        let hint =
            "this service has no browser: install chromium, or name one with --browser or --browser-url";
        Self::NoBrowser(hint.to_owned())
    }
}

impl From<CdpError> for RenderError {
    fn from(error: CdpError) -> Self {
        Self::Browser(error.to_string())
    }
}
