//! Pages that only a browser can show, and pages that would use it against us.

use std::{
    fs,
    net::Ipv4Addr,
    process::{Command, Stdio},
    time::Instant,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::{
    addresses::special_v4,
    market::Market,
    names::Names,
    site::{Reply, Site, article},
    support::{PATIENCE, Program, client},
    workers::children,
};

/// An application: nothing without its script.
fn application(script: &str) -> String {
    format!(
        "<!doctype html><html><head><title>App</title></head><body><div id=root></div><script>{script}</script></body></html>"
    )
}

const LATE: &str = "setTimeout(() => { document.getElementById('root').innerHTML = '<h1>Rendered</h1><p id=late>' + \
    'The ferry leaves the northern quay at noon and is back before the lamps are lit. '.repeat(6) + '</p>'; }, 200);";

/// As root, as these tests may run, a browser has no sandbox.
pub(crate) fn with_browser(program: Program, site: &Site) -> Program {
    program
        .env("SCRAPER_ALLOW_ORIGINS", &site.host())
        .env("SCRAPER_BROWSER_NO_SANDBOX", "true")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
}

fn png(answer: &Value) -> (u32, u32) {
    let picture =
        answer["rendered"]["screenshot"].as_str().unwrap_or_else(|| panic!("no picture in {answer}"));
    let picture = BASE64_STANDARD.decode(picture).expect("base64");
    assert_eq!(&picture[1..4], b"PNG");
    let side = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().expect("four bytes"));
    (side(16), side(20))
}

#[tokio::test]
async fn a_browser_is_used_where_a_page_shows_nothing_without() {
    let site = Site::open().await;
    site.html("/app", application(LATE)).html("/page", article());
    let later = "setTimeout(() => document.querySelector('article').insertAdjacentHTML('beforeend', \
        '<p id=later>The lamps are lit, and the ferry is back at the northern quay.</p>'), 2000)";
    site.html("/later", format!("{}<script>{later}</script>", article()));
    site.html("/tall", format!("{}<div style='height:3000px'></div>", article()));
    let market = Market::open(|program| with_browser(program, &site)).await;

    let (status, problem) = market.scrape(&site.url("/app"), json!({ "render": "never" })).await;
    assert_eq!((status, problem["verdict"].as_str()), (422, Some("empty")), "{problem}");
    let (status, answer) = market.scrape(&site.url("/app"), json!({})).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["content"]["text"].as_str().is_some_and(|text| text.contains("ferry leaves")), "{answer}");
    // Long after the page has come to rest.
    for wait_for in [json!({ "selector": "#later" }), json!({ "ms": 5_000 })] {
        let (status, answer) = market.scrape(&site.url("/later"), json!({ "wait_for": wait_for })).await;
        let text = answer["content"]["text"].as_str().unwrap_or_default();
        assert!(status == 200 && text.contains("The lamps are lit"), "{wait_for}: {answer}");
    }

    let (_, plain) = market.scrape(&site.url("/page"), json!({})).await;
    assert!(plain.get("rendered").is_none(), "no browser where none is needed: {plain}");
    let (_, rendered) = market.scrape(&site.url("/page"), json!({ "render": "always" })).await;
    assert_eq!(rendered["rendered"]["url"], site.url("/page"), "{rendered}");

    let picture = json!({ "formats": ["text", "screenshot"] });
    let (status, answer) = market.scrape(&site.url("/tall"), picture).await;
    assert_eq!((status, png(&answer)), (200, (1280, 800)));
    let whole = json!({ "formats": ["screenshot"], "screenshot": "full_page" });
    let (_, answer) = market.scrape(&site.url("/tall"), whole).await;
    let (width, height) = png(&answer);
    assert!(width == 1280 && height > 3000, "{width} by {height}");
}

#[tokio::test]
async fn a_page_reaches_nothing_through_the_browser_that_the_fetcher_would_not() {
    let (site, inside) = (Site::open().await, Site::open().await);
    let script = format!(
        "const urls = ['{0}', 'http://localhost:{1}/name', 'http://169.254.169.254/latest/', 'http://[::1]:{1}/six', 'http://0x7f000001:{1}/hex'];\
         Promise.allSettled(urls.map(url => fetch(url, {{ mode: 'no-cors' }}))).then(all => {{\
           document.getElementById('root').innerHTML = '<p id=done>' + all.map(one => one.status).join(' ') + ' done. </p>' }});",
        inside.url("/fetched"),
        inside.port()
    );
    let page = format!(
        "<img src='{}'><iframe src='{}'></iframe>{}",
        inside.url("/img"),
        inside.url("/frame"),
        application(&script)
    );
    site.html("/page", page);
    site.html("/away", application(&format!("location = '{}'", inside.url("/navigated"))));
    let market = Market::open(|program| with_browser(program, &site)).await;
    let asked = json!({ "render": "always", "wait_for": { "selector": "#done" } });
    let (status, answer) = market.scrape(&site.url("/page"), asked).await;
    assert_eq!(status, 200, "{answer}");
    let refused = answer["rendered"]["refused"].to_string();
    for place in ["/img", "/frame", "/fetched", "169.254.169.254"] {
        assert!(refused.contains(place), "{place} is not among {refused}");
    }
    let _ = market.scrape(&site.url("/away"), json!({ "render": "always" })).await;
    for path in ["/img", "/frame", "/fetched", "/name", "/six", "/hex", "/navigated"] {
        assert_eq!(inside.asked(path), 0, "{path} was reached");
    }
    assert!(site.asked("/page") >= 2, "the control: the page itself came through the same way out");
}

#[tokio::test]
async fn what_a_rendered_page_loads_is_refused_in_every_private_range() {
    let site = Site::open().await;
    let names = Names::open(&[("loopback.test", &[&[Ipv4Addr::LOCALHOST]])]).await;
    let private: Vec<_> = special_v4().skip(1).step_by(3).collect();
    // As numbers, which a browser reads as a URL's parser of ours does.
    let mut places: Vec<_> =
        private.iter().map(|address| format!("http://{}/x", address.to_bits())).collect();
    places.push("http://loopback.test/x".to_owned());
    places.push("https://loopback.test/x".to_owned());
    let script = format!(
        "Promise.allSettled({}.map(url => fetch(url, {{ mode: 'no-cors' }}))).then(() => {{\
           document.getElementById('root').innerHTML = '<p id=done>All of them have been asked for.</p>' }});",
        json!(places)
    );
    site.html("/page", application(&script));
    let market = Market::open(|program| {
        with_browser(program, &site).env("SCRAPER_NAMESERVER", &names.address.to_string())
    })
    .await;
    let asked = json!({ "render": "always", "wait_for": { "selector": "#done" } });
    let (status, answer) = market.scrape(&site.url("/page"), asked).await;
    assert_eq!(status, 200, "{answer}");
    let refused = answer["rendered"]["refused"].as_array().expect("refused");
    let named = private.iter().map(|address| format!("{address}:80"));
    for place in named.chain(["loopback.test:80".to_owned(), "loopback.test:443".to_owned()]) {
        assert!(refused.contains(&json!(place)), "{place} is not among {refused:?}");
    }
}

#[tokio::test]
async fn a_page_that_never_ends_ends_at_the_deadline_and_the_next_one_comes() {
    let site = Site::open().await;
    site.html("/page", article()).html("/busy", application("for (;;) {}"));
    site.on(
        "/hanging",
        Reply::Bytes(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<p>It waits for /slow.</p><img src=/slow>"
                .to_vec(),
        ),
    );
    site.on("/slow", Reply::Forever(Vec::new(), Vec::new(), std::time::Duration::from_millis(100)));
    let market = Market::open(|program| {
        with_browser(program, &site)
            .env("SCRAPER_RENDER_DEADLINE_MS", "15000")
            .env("SCRAPER_BROWSER_PAGES", "3")
    })
    .await;
    let always = || json!({ "render": "always" });
    assert_eq!(market.scrape(&site.url("/page"), always()).await.0, 200);
    let missing = json!({ "render": "always", "wait_for": { "selector": "#never" } });
    let (busy, hanging, page) = (site.url("/busy"), site.url("/hanging"), site.url("/page"));
    let (busy, hanging, waiting) = tokio::join!(
        market.scrape(&busy, always()),
        market.scrape(&hanging, always()),
        market.scrape(&page, missing)
    );
    for (status, problem) in [busy, hanging, waiting] {
        assert_eq!((status, problem["reason"].as_str()), (504, Some("render_deadline")), "{problem}");
    }
    let (status, answer) = market.scrape(&site.url("/page"), always()).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_browser_that_has_shown_its_pages_is_replaced() {
    let site = Site::open().await;
    site.html("/page", article());
    let market =
        Market::open(|program| with_browser(program, &site).env("SCRAPER_PAGES_PER_BROWSER", "1")).await;
    for _ in 0..2 {
        assert_eq!(market.scrape(&site.url("/page"), json!({ "render": "always" })).await.0, 200);
    }
    let metrics = client().get(format!("{}/metrics", market.running.admin)).send().await.expect("metrics");
    let metrics = metrics.text().await.expect("text");
    assert!(metrics.contains("\nscraper_browsers_started_total 2\n"), "{metrics}");
}

/// Processes whose command line holds a text.
fn running(text: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(text)).collect()
}

#[tokio::test]
async fn no_browser_outlives_a_service_that_is_killed() {
    no_browser_is_left("-KILL", |service| vec![service]).await;
}

#[tokio::test]
async fn no_browser_outlives_a_service_that_is_stopped_at_the_terminal() {
    // Which sends the signal to all of a group.
    let group = |service: u32| {
        let mut processes = children(service);
        processes.retain(|process| group_of(*process) == group_of(service));
        processes.insert(0, service);
        processes
    };
    no_browser_is_left("-INT", group).await;
}

/// proc_pid_stat(5): after the name in parentheses state, parent, group.
fn group_of(process: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(2).map(str::to_owned)
}

async fn no_browser_is_left(signal: &str, whom: impl FnOnce(u32) -> Vec<u32>) {
    let site = Site::open().await;
    site.html("/page", article());
    let mut market = Market::open(|program| {
        // Its processes are known by the folder that their profile is in.
        let folder = program.folder.path().display().to_string();
        with_browser(program, &site).env("TMPDIR", &folder)
    })
    .await;
    let folder = market.running.folder.path().display().to_string();
    assert_eq!(market.scrape(&site.url("/page"), json!({ "render": "always" })).await.0, 200);
    assert!(!running(&format!("user-data-dir={folder}")).is_empty(), "a browser runs");
    let ids = whom(market.running.id()).into_iter().map(|id| id.to_string());
    let sent = Command::new("kill").arg(signal).args(ids).status();
    assert!(sent.expect("kill runs").success());
    market.running.wait();
    let patience = Instant::now() + PATIENCE;
    while !running(&format!("user-data-dir={folder}")).is_empty() {
        assert!(Instant::now() < patience, "still there: {:?}", running(&folder));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// A browser that somebody else runs, on whatever port it likes.
async fn elsewhere(folder: &std::path::Path) -> (tokio::process::Child, String) {
    let flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "about:blank"];
    let mut browser = tokio::process::Command::new("chromium");
    browser.args(flags).arg(format!("--user-data-dir={}", folder.display()));
    let mut browser = browser.stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("a browser");
    let mut lines = BufReader::new(browser.stderr.take().expect("its log")).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(url) = line.strip_prefix("DevTools listening on ") {
            let url = url.to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (browser, url);
        }
    }
    panic!("it does not listen");
}

#[tokio::test]
async fn a_browser_elsewhere_renders_as_one_of_our_own_does() {
    let (site, folder) = (Site::open().await, tempfile::tempdir().expect("a folder"));
    site.html("/app", application(LATE));
    let (_browser, url) = elsewhere(folder.path()).await;
    let market = Market::open(|program| {
        program.env("SCRAPER_ALLOW_ORIGINS", &site.host()).env("SCRAPER_BROWSER_URL", &url)
    })
    .await;
    let (status, answer) = market.scrape(&site.url("/app"), json!({})).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["content"]["text"].as_str().is_some_and(|text| text.contains("ferry leaves")), "{answer}");
}
