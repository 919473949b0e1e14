//! The page at `/` as a person uses it: a URL is typed, a page is bought, and what came of it is read.

use std::{path::Path, time::Duration};

use chromiumoxide::{
    Browser, BrowserConfig, Page,
    cdp::browser_protocol::{input::InsertTextParams, page::CaptureScreenshotFormat},
    page::ScreenshotParams,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::{
    market::Market,
    rendering::with_browser,
    site::{Site, article},
    support::PATIENCE,
};

/// A service whose page has a wallet, and a person's browser.
struct Visitor {
    market: Market,
    page: Page,
    _browser: Browser,
    _folder: tempfile::TempDir,
}

impl Visitor {
    async fn to(site: &Site) -> Self {
        let market = Market::with_wallet(|program| with_browser(program, site)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let config = BrowserConfig::builder().no_sandbox().new_headless_mode();
        let config = config.user_data_dir(folder.path()).window_size(1280, 1000).viewport(None).build();
        let (browser, mut events) =
            Browser::launch(config.expect("a configuration")).await.expect("chromium");
        tokio::spawn(async move { while events.next().await.is_some() {} });
        let page = browser.new_page(format!("{}/", market.running.public)).await.expect("a page");
        Self { market, page, _browser: browser, _folder: folder }
    }

    /// Types a URL, presses the button, and waits for what comes of it.
    async fn buy(&self, url: &str) {
        self.until("!document.querySelector('#ask button')?.disabled || null").await;
        self.page.evaluate("document.getElementById('url').select()").await.expect("selected");
        self.page.execute(InsertTextParams::new(url)).await.expect("typed");
        self.page.find_element("#ask button").await.expect("a button").click().await.expect("clicked");
        self.until("document.querySelector('#ask button').disabled ? null : !document.getElementById('facts').hidden || null")
            .await;
    }

    /// The text of an element.
    async fn text(&self, id: &str) -> String {
        let text = self.until(&format!("document.getElementById('{id}').innerText")).await;
        text.as_str().expect("a text").to_owned()
    }

    /// The value of an expression, once it has one.
    async fn until(&self, expression: &str) -> Value {
        let asking = async {
            loop {
                let found = self.page.evaluate(expression).await.ok();
                let value = found.and_then(|result| result.value().cloned());
                if let Some(value) = value.filter(|value| !value.is_null()) {
                    return value;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the page comes to it")
    }

    /// Keeps what the page looks like where `SCREENSHOTS` names a folder: for people to look at.
    async fn keep(&self, name: &str) {
        if let Some(folder) = std::env::var_os("SCREENSHOTS") {
            let whole = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png).full_page(true);
            let file = Path::new(&folder).join(format!("{name}.png"));
            self.page.save_screenshot(whole.build(), file).await.expect("a picture");
        }
    }
}

#[tokio::test]
async fn a_person_buys_a_page_and_sees_its_content_beside_it_with_verdict_cost_and_receipt() {
    let site = Site::open().await;
    site.html("/page", article()).html("/empty", "<html><body><script>1</script></body></html>");
    let visitor = Visitor::to(&site).await;
    visitor.keep("home").await;

    visitor.buy(&site.url("/page")).await;
    assert_eq!(visitor.text("verdict").await, "content");
    assert_eq!(visitor.text("charged").await, "$0.005");
    let receipt = visitor.text("receipt").await;
    let payer = visitor.market.wallet().to_string();
    assert!(receipt.contains("0x") && receipt.contains(&payer), "{receipt}");
    let signed = "decodeURIComponent(document.querySelector('#receipt a').href.split(',')[1])";
    let signed = visitor.until(signed).await;
    let signed: Value = serde_json::from_str(signed.as_str().expect("a text")).expect("JSON");
    let proof = &signed["extensions"]["offer-receipt"]["info"]["receipt"];
    assert!(
        proof.is_object() && receipt.contains(signed["transaction"].as_str().expect("a hash")),
        "{signed}"
    );
    let fetched = visitor.text("fetched").await;
    assert!(fetched.contains(&site.url("/page")) && fetched.contains("127.0.0.1"), "{fetched}");
    // The frame has no origin of its own that its page may look into: the document it was given is what it shows.
    let shown = visitor.until("document.getElementById('content').srcdoc || null").await;
    assert!(shown.as_str().expect("a document").contains("<h1>The lighthouse</h1>"), "{shown}");
    let picture = "document.querySelector('#picture img')?.naturalWidth || null";
    assert_eq!(visitor.until(picture).await, json!(1280));
    visitor.keep("content").await;
    assert_eq!(visitor.market.earned().await, 5_000);

    visitor.buy(&site.url("/empty")).await;
    assert_eq!(visitor.text("verdict").await, "empty: no text");
    assert_eq!(visitor.text("charged").await, "nothing");
    assert!(visitor.text("receipt").await.starts_with("none"));
    assert!(visitor.text("fetched").await.starts_with(&format!("{}, status 200", site.url("/empty"))));
    assert_eq!(visitor.until("document.getElementById('result').hidden").await, json!(true));
    visitor.keep("not-content").await;
    assert_eq!(visitor.market.earned().await, 5_000);
}
