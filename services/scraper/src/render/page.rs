//! One page in a browser: opened in a context of its own, waited for, read, closed.

use std::time::{Duration, Instant};

use chromiumoxide::{
    Page,
    cdp::browser_protocol::{
        browser::{SetDownloadBehaviorBehavior, SetDownloadBehaviorParams},
        page::{CaptureScreenshotFormat, Viewport as Clip},
        target::{CreateBrowserContextParams, CreateTargetParams},
    },
    page::ScreenshotParams,
};
use url::Url;

use super::{
    RenderError, Rendered,
    chromium::{Instance, WINDOW},
    proxy::Proxy,
};
use crate::{
    api::{ScrapeRequest, Screenshot},
    extract::Format,
};

/// How often a page is looked at while it is waited for.
const LOOK: Duration = Duration::from_millis(100);
/// How many looks in a row must see the same for a page to be done.
const STILL_LOOKS: u32 = 3;
/// How long a page may go on changing after it has loaded.
const RESTLESS: Duration = Duration::from_secs(4);
/// How long closing may take.
const CLOSE: Duration = Duration::from_secs(2);
/// The tallest picture.
const MAX_HEIGHT: f64 = 16_384.0;

/// How much of the page there is.
const AMOUNT: &str = "document.documentElement ? document.documentElement.outerHTML.length : 0";

/// The status of the page's own document, not of a frame in it; 200 where the browser does not say.
const STATUS: &str = "performance.getEntriesByType('navigation')[0]?.responseStatus || 200";

/// Renders a page. The context and all that is in it are closed, however this ends.
pub(super) async fn render(
    instance: &Instance,
    proxy: &Proxy,
    url: &Url,
    request: &ScrapeRequest,
    user_agent: &str,
) -> Result<Rendered, RenderError> {
    let context = CreateBrowserContextParams {
        dispose_on_detach: Some(true),
        proxy_server: Some(proxy.url()),
        // Not even this machine is reached but through the proxy.
        proxy_bypass_list: Some("<-loopback>".to_owned()),
        ..CreateBrowserContextParams::default()
    };
    let context = instance.browser.create_browser_context(context).await?;
    let began = Instant::now();
    let outcome = async {
        let deny = SetDownloadBehaviorParams::builder()
            .behavior(SetDownloadBehaviorBehavior::Deny)
            .browser_context_id(context.clone());
        instance.browser.execute(deny.build().map_err(RenderError::Browser)?).await?;
        let blank = CreateTargetParams::builder().url("about:blank").browser_context_id(context.clone());
        let page = instance.browser.new_page(blank.build().map_err(RenderError::Browser)?).await?;
        page.set_user_agent(user_agent).await?;
        look(&page, url, request).await
    };
    let outcome = outcome.await;
    let closing = instance.browser.dispose_browser_context(context);
    if !matches!(tokio::time::timeout(CLOSE, closing).await, Ok(Ok(()))) {
        instance.broken.store(true, std::sync::atomic::Ordering::Relaxed);
    }
    let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    outcome.map(|rendered| Rendered { refused: proxy.refused(), elapsed_ms, ..rendered })
}

async fn look(page: &Page, url: &Url, request: &ScrapeRequest) -> Result<Rendered, RenderError> {
    page.goto(url.as_str()).await.map_err(|error| RenderError::Page(error.to_string()))?;
    settle(page).await?;
    if let Some(wait) = &request.wait_for {
        if let Some(selector) = &wait.selector {
            until_there(page, selector).await?;
        }
        tokio::time::sleep(Duration::from_millis(wait.ms.into())).await;
    }
    let status = evaluate(page, STATUS.to_owned()).await?;
    let picture = request.formats.contains(&Format::Screenshot);
    let screenshot = if picture { Some(screenshot(page, request.screenshot).await?) } else { None };
    let (html, url) = (page.content().await?, page.url().await?.unwrap_or_else(|| url.to_string()));
    Ok(Rendered { url, status, html, screenshot, refused: Vec::new(), elapsed_ms: 0 })
}

/// Waits until the page stops changing, for a while.
async fn settle(page: &Page) -> Result<(), RenderError> {
    let patience = Instant::now() + RESTLESS;
    let (mut amount, mut looks) = (0, 0);
    while looks < STILL_LOOKS && Instant::now() < patience {
        let now: u64 = evaluate(page, AMOUNT.to_owned()).await?;
        looks = if now == amount { looks + 1 } else { 0 };
        amount = now;
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Waits for an element, as long as the rendering may take.
async fn until_there(page: &Page, selector: &str) -> Result<(), RenderError> {
    let quoted = serde_json::Value::from(selector).to_string();
    let looking = format!(
        "(() => {{ try {{ return document.querySelector({quoted}) ? 1 : 0 }} catch {{ return 2 }} }})()"
    );
    loop {
        match evaluate::<u8>(page, looking.clone()).await? {
            0 => tokio::time::sleep(LOOK).await,
            1 => return Ok(()),
            _ => return Err(RenderError::Waited(format!("{selector:?} is no CSS selector"))),
        }
    }
}

async fn evaluate<T: serde::de::DeserializeOwned>(page: &Page, expression: String) -> Result<T, RenderError> {
    let value = page.evaluate_expression(expression).await?;
    value.into_value().map_err(|error| RenderError::Page(error.to_string()))
}

async fn screenshot(page: &Page, of: Screenshot) -> Result<Vec<u8>, RenderError> {
    let params = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png);
    let params = match of {
        Screenshot::Viewport => params.build(),
        Screenshot::FullPage => {
            let size = page.layout_metrics().await?.css_content_size;
            let (width, height) = (size.width.max(WINDOW.0.into()), size.height.min(MAX_HEIGHT));
            let clip = Clip { x: 0.0, y: 0.0, width, height, scale: 1.0 };
            params.clip(clip).capture_beyond_viewport(true).build()
        }
    };
    Ok(page.screenshot(params).await?)
}
