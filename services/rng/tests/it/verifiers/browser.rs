//! The pages in the browser that they are for: a receipt that is pasted, dropped as a file, or carried by a link.

use std::{future::Future, path::Path, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chromiumoxide::{
    Browser, BrowserConfig, Page,
    cdp::browser_protocol::{
        input::{
            DispatchDragEventParams, DispatchDragEventType as Drag, DispatchKeyEventParams,
            DispatchKeyEventType, DragData, DragDataItem, InsertTextParams,
        },
        page::CaptureScreenshotFormat,
    },
    page::ScreenshotParams,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::corpus;
use crate::{
    offline,
    support::{PATIENCE, Running},
};

/// Receipts, and what every verifier says of them.
const CASES: [(&str, &str); 5] = [
    ("every operation, logged", "ok"),
    ("by the beacon", "ok"),
    ("edited value", "values"),
    ("s + q", "proof"),
    ("forged inclusion: a hash", "inclusion"),
];
/// Copying, as Chromium's DevTools protocol has it.
const COPY: i64 = 1;
/// The result's verdict, once there is one.
const VERDICT: &str = "document.getElementById('result').dataset.verdict ?? null";
const IS_READY: &str = "document.getElementById('verify').disabled === false || null";

/// A service, and a browser.
struct Reader {
    service: Running,
    browser: Browser,
    folder: tempfile::TempDir,
}

impl Reader {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = BrowserConfig::builder().no_sandbox().new_headless_mode();
        let config = config.user_data_dir(folder.path().join("profile")).window_size(1100, 1400).build();
        let (browser, mut events) =
            Browser::launch(config.expect("a configuration")).await.expect("chromium");
        tokio::spawn(async move { while events.next().await.is_some() {} });
        Self { service: offline().start(), browser, folder }
    }

    async fn open(&self, target: &str) -> Page {
        self.browser.new_page(format!("{}{target}", self.service.public)).await.expect("a page")
    }

    /// The page, when it listens.
    async fn verifier(&self) -> Page {
        let page = self.open("/verify").await;
        until(&page, IS_READY).await;
        page
    }

    /// Puts a receipt before the page in one way, and has each verdict checked.
    async fn verdicts<F: Future<Output = Page>>(&self, put: impl Fn(String) -> F) {
        for (name, verdict) in CASES {
            let case = corpus().into_iter().find(|case| case["name"] == name).expect(name);
            let page = put(case["receipt"].to_string()).await;
            assert_eq!(until(&page, VERDICT).await, verdict, "{name}");
            let shown = page.content().await.expect("a document");
            let holds = shown.contains(">The receipt holds, if this key is the seller's</p>");
            assert_eq!(holds, verdict == "ok", "{name}");
            keep(&page, &name.replace([' ', ',', ':'], "-")).await;
            page.close().await.expect("closed");
        }
    }
}

/// The value of an expression, once it has one.
async fn until(page: &Page, expression: &str) -> Value {
    let asking = async {
        loop {
            let value = page.evaluate(expression).await.ok().and_then(|result| result.value().cloned());
            if let Some(value) = value.filter(|value| !value.is_null()) {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("the page comes to it")
}

/// Keeps what the page looks like where `SCREENSHOTS` names a folder: for people to look at.
async fn keep(page: &Page, name: &str) {
    if let Some(folder) = std::env::var_os("SCREENSHOTS") {
        let whole = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png).full_page(true).build();
        let file = Path::new(&folder).join(format!("{name}.png"));
        page.save_screenshot(whole, file).await.expect("a picture");
    }
}

/// A command of the browser's editor, as its keys give it.
async fn edit(page: &Page, command: &str) {
    let key = DispatchKeyEventParams::builder().r#type(DispatchKeyEventType::KeyDown).command(command);
    page.execute(key.build().expect("a key")).await.expect("pressed");
}

#[tokio::test]
async fn a_receipt_that_is_pasted_is_verified() {
    let reader = Reader::start().await;
    reader
        .verdicts(async |receipt| {
            let page = reader.verifier().await;
            page.find_element("#receipt").await.expect("a box").focus().await.expect("focus");
            page.execute(InsertTextParams::new(receipt)).await.expect("typed");
            assert_eq!(
                page.evaluate(VERDICT).await.expect("a value").value(),
                None,
                "typing asks for nothing"
            );
            edit(&page, "selectAll").await;
            edit(&page, "cut").await;
            edit(&page, "paste").await;
            page
        })
        .await;
}

#[tokio::test]
async fn a_receipt_that_is_dropped_as_a_file_is_verified() {
    let reader = Reader::start().await;
    reader
        .verdicts(async |receipt| {
            let page = reader.verifier().await;
            let file = reader.folder.path().join("draw.json");
            std::fs::write(&file, receipt).expect("a file");
            let file = file.display().to_string();
            // A file manager names the file in a text besides.
            let named = DragDataItem::new("text/uri-list", format!("file://{file}"));
            let data = DragData { files: Some(vec![file]), ..DragData::new(vec![named], COPY) };
            // Beside the box, too.
            for event in [Drag::DragEnter, Drag::DragOver, Drag::Drop] {
                let drag = DispatchDragEventParams::new(event, 40.0, 40.0, data.clone());
                page.execute(drag).await.expect("dragged");
            }
            page
        })
        .await;
}

#[tokio::test]
async fn a_receipt_holds_without_reserve_under_a_key_that_the_reader_names() {
    let reader = Reader::start().await;
    let case = corpus().into_iter().find(|case| case["name"] == "every operation, logged").expect("a case");
    let page = reader.verifier().await;
    for (input, text) in [("#key", &case["trust"]["key"]), ("#receipt", &json!(case["receipt"].to_string()))]
    {
        page.find_element(input).await.expect("a box").focus().await.expect("focus");
        page.execute(InsertTextParams::new(text.as_str().expect("text"))).await.expect("typed");
    }
    page.find_element("#verify").await.expect("a button").click().await.expect("clicked");
    assert_eq!(until(&page, VERDICT).await, "ok");
    let shown = page.content().await.expect("a document");
    assert!(shown.contains(">The receipt holds</p>") && shown.contains("the one you know"));
    keep(&page, "key-named").await;
}

#[tokio::test]
async fn a_receipt_in_a_link_is_verified() {
    let reader = Reader::start().await;
    reader
        .verdicts(async |receipt| {
            reader.open(&format!("/verify#{}", BASE64_URL_SAFE_NO_PAD.encode(receipt))).await
        })
        .await;
}

#[tokio::test]
async fn the_page_may_call_nobody() {
    let reader = Reader::start().await;
    let answer = reader.service.get("/verify").await;
    let policy = answer.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("connect-src"), "{policy}");
    let page = reader.verifier().await;
    let call = "fetch('/checkpoint').then(() => 'answered', () => 'refused')";
    assert_eq!(until(&page, call).await, "refused");
    let home = reader.open("/").await;
    until(&home, "document.readyState === 'complete' || null").await;
    keep(&home, "home").await;
}
