//! Servers that mean harm: each gets a typed error, nobody is charged, and the next page comes.

use std::{io::Write as _, time::Duration};

use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use crate::{
    market::Market,
    site::{Reply, Site, article},
    support::Program,
    workers::{children, peak},
};

/// 64 MB of zeros in brotli.
const BROTLI_BOMB: &str = "cfffff7ff82700e2b14020f7fe9ffffffff04f00c4610180eefd3fffffffe19f0088c32200ddfbfffcffffc73f0110870500baf7ff";

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("compressed")
}

/// A frame of one block that is not compressed (RFC 8878, sections 3.1.1 and 3.1.1.2).
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("short");
    let block = (length << 3) | 1;
    [&[0x28, 0xb5, 0x2f, 0xfd, 0xa0], &length.to_le_bytes()[..], &block.to_le_bytes()[..3], bytes].concat()
}

/// 64 MB of zeros in zstd: blocks of one byte that is repeated 128 KiB times (RFC 8878, section 3.1.1.2.2).
fn zstd_bomb() -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    let head = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    let block = |last: u32| [&((BLOCK << 3) | (1 << 1) | last).to_le_bytes()[..3], &[0]].concat();
    [&head[..], &block(0).repeat((64 << 20) / BLOCK as usize - 1), &block(1)].concat()
}

/// A page with a line of text.
fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
            .to_owned(),
        format!("<</Length {}>>stream\n{content}\nendstream", content.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    let (mut pdf, mut places) = ("%PDF-1.4\n".to_owned(), String::new());
    for (number, object) in (1..).zip(&objects) {
        places.push_str(&format!("{:010} 00000 n \n", pdf.len()));
        pdf.push_str(&format!("{number} 0 obj{object}endobj\n"));
    }
    let at = pdf.len();
    pdf.push_str(&format!(
        "xref\n0 6\n0000000000 65535 f \n{places}trailer<</Size 6/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n"
    ));
    pdf.into_bytes()
}

/// Limits that a test can wait for.
fn impatient(program: Program, site: &Site) -> Program {
    program
        .env("SCRAPER_ALLOW_ORIGINS", &site.host())
        .env("SCRAPER_FETCH_DEADLINE_MS", "4000")
        .env("SCRAPER_RATE_GRACE_MS", "500")
        .env("SCRAPER_MAX_BODY_BYTES", "1000000")
        .env("SCRAPER_BROWSER", "/nonexistent")
}

#[tokio::test]
async fn every_attack_is_a_typed_error_that_costs_nothing_and_the_next_page_comes() {
    let site = Site::open().await;
    let ok = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n".to_vec();
    let forever = |first: &[u8], again: &[u8], ms| {
        Reply::Forever(first.to_vec(), again.to_vec(), Duration::from_millis(ms))
    };
    let body = |fields: &str| [&ok[..], fields.as_bytes(), b"\r\n"].concat();
    site.html("/page", article());
    site.page("/gzip", "200 OK", "content-encoding: gzip\r\n", gzip(&vec![0; 64 << 20]));
    site.page("/gzip-twice", "200 OK", "content-encoding: gzip, gzip\r\n", gzip(&gzip(&vec![0; 64 << 20])));
    site.page("/gzip-thrice", "200 OK", "content-encoding: gzip, gzip, gzip\r\n", gzip(b"x"));
    site.page("/gzip-false", "200 OK", "content-encoding: gzip\r\n", "this is no gzip");
    site.page("/unknown", "200 OK", "content-encoding: rot13\r\n", "cntr");
    site.page("/brotli", "200 OK", "content-encoding: br\r\n", hex::decode(BROTLI_BOMB).expect("hex"));
    site.page("/zstd", "200 OK", "content-encoding: zstd\r\n", zstd_bomb());
    site.on("/drip", forever(&body("content-length: 1000000\r\n"), b"x", 100));
    site.on("/silent", forever(&body("content-length: 1000000\r\n"), b"", 100));
    site.on("/flood", forever(&body(""), &[b'x'; 65_536], 0));
    site.on("/headers", forever(&ok, &b"x-more: of the same\r\n".repeat(100), 0));
    site.on("/header", forever(&[&ok[..], b"x-long: "].concat(), &[b'x'; 1024], 0));
    site.on("/status", forever(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", 1));
    site.on("/nothing", forever(b"", b"", 100));
    site.on("/garbage", Reply::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
    site.on("/broken-off", Reply::Bytes([&body("content-length: 5000\r\n")[..], b"<p>half"].concat()));
    site.redirect("/round", "/round")
        .redirect("/void", "http://")
        .redirect("/ping", "/pong")
        .redirect("/pong", "/ping");
    let market = Market::open(|program| impatient(program, &site)).await;

    let attacks = [
        ("/gzip", 502, "decompression_bomb"),
        ("/gzip-twice", 502, "decompression_bomb"),
        ("/gzip-thrice", 502, "broken_content"),
        ("/gzip-false", 502, "broken_content"),
        ("/unknown", 502, "broken_content"),
        ("/brotli", 502, "decompression_bomb"),
        ("/zstd", 502, "decompression_bomb"),
        ("/drip", 504, "too_slow"),
        ("/silent", 504, "too_slow"),
        ("/flood", 502, "body_too_large"),
        ("/headers", 502, "head_too_large"),
        ("/header", 502, "head_too_large"),
        ("/status", 504, "fetch_deadline"),
        ("/nothing", 504, "fetch_deadline"),
        ("/garbage", 502, "not_http"),
        ("/broken-off", 502, "not_http"),
        ("/round", 502, "too_many_redirects"),
        ("/ping", 502, "too_many_redirects"),
        ("/void", 502, "bad_redirect"),
    ];
    let next = async || {
        let (status, answer) = market.scrape(&site.url("/page"), json!({})).await;
        assert_eq!(status, 200, "{answer}");
    };
    next().await;
    let before = peak(market.running.id());
    for (path, status, reason) in attacks {
        let found = market.refusal(&site.url(path)).await;
        assert_eq!((found.0, found.1.as_str()), (status, reason), "{path}");
        next().await;
    }
    assert_eq!(site.asked("/round"), 6, "five redirects are followed");
    assert_eq!(
        market.earned().await,
        5_000 * (1 + attacks.len() as u64),
        "an attack costs its victim nothing"
    );
    // Far less than what a bomb holds: none goes off in the service itself.
    let grown = peak(market.running.id()) - before;
    assert!(grown < 32 << 20, "the service has grown by {grown} bytes");
}

#[tokio::test]
async fn pages_that_are_too_much_for_any_parser_are_refused_in_time() {
    let site = Site::open().await;
    site.html("/page", article());
    site.html("/divs", "<div>".repeat(10_000));
    site.html("/tables", "<table><tr><td>".repeat(5_000));
    site.html("/siblings", "<i></i>".repeat(500_000));
    site.html(
        "/attributes",
        format!("<p {}>text</p>", (0..400_000).map(|at| format!("a{at} ")).collect::<String>()),
    );
    site.html("/attribute", format!("<p title=\"{}\">text</p>", "x".repeat(50 << 20)));
    let market = Market::open(|program| {
        program
            .env("SCRAPER_ALLOW_ORIGINS", &site.host())
            .env("SCRAPER_MAX_BODY_BYTES", "100000000")
            .env("SCRAPER_MAX_CONTENT_BYTES", "100000000")
            .env("SCRAPER_BROWSER", "/nonexistent")
    })
    .await;
    let attacks = ["/divs", "/tables", "/siblings", "/attributes", "/attribute"];
    for path in attacks {
        let (status, reason) = market.refusal(&site.url(path)).await;
        assert_eq!((status, reason.as_str()), (422, "page_too_complex"), "{path}");
        assert_eq!(market.scrape(&site.url("/page"), json!({})).await.0, 200, "after {path}");
    }
    assert_eq!(market.earned().await, 5_000 * attacks.len() as u64);
    // A body as large as the operator allows, and a copy on its way to a worker, whose own memory its limit bounds.
    let most = peak(market.running.id());
    assert!(most < 400 << 20, "the service has taken {most} bytes");
    let workers = children(market.running.id());
    assert!(!workers.is_empty() && workers.into_iter().all(|worker| peak(worker) < 1 << 30));
}

/// As many siblings as a long table has cells are no attack.
#[tokio::test]
async fn a_hundred_thousand_siblings_are_a_page() {
    let site = Site::open().await;
    let rows: String = (0..100_000).map(|at| format!("<p>Ledger entry {at}</p>")).collect();
    site.html("/siblings", format!("<main>{rows}</main>"));
    let market = Market::open(|program| {
        program.env("SCRAPER_ALLOW_ORIGINS", &site.host()).env("SCRAPER_BROWSER", "/nonexistent")
    })
    .await;
    let (status, answer) = market.scrape(&site.url("/siblings"), json!({})).await;
    assert_eq!(status, 200, "{}", answer["reason"]);
    let text = answer["content"]["text"].as_str().expect("text");
    assert!(text.contains("Ledger entry 0\n") && text.ends_with("Ledger entry 99999"));
}

/// What is odd but readable is content.
#[tokio::test]
async fn liars_about_letters_and_lengths_are_read_as_well_as_can_be() {
    let site = Site::open().await;
    let mut invalid = article().into_bytes();
    invalid.extend_from_slice(b"<p>\xff\xfe\x80 broken letters</p>");
    site.html("/invalid", &invalid);
    site.page("/charset", "200 OK", "content-type: text/html; charset=utf-16\r\n", article());
    site.page(
        "/gzip",
        "200 OK",
        "content-type: text/html\r\ncontent-encoding: gzip\r\n",
        gzip(article().as_bytes()),
    );
    site.page(
        "/zstd",
        "200 OK",
        "content-type: text/html\r\ncontent-encoding: zstd\r\n",
        zstd(article().as_bytes()),
    );
    site.page("/pdf", "200 OK", "content-type: application/pdf\r\n", pdf("The quay is built of granite."));
    // What comes after the length that was announced belongs to nobody.
    let long =
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n", article().len());
    site.on("/length", Reply::Bytes([long.into_bytes(), article().into_bytes(), vec![b'x'; 1000]].concat()));
    let market = Market::open(|program| impatient(program, &site)).await;
    for path in ["/invalid", "/charset", "/gzip", "/zstd", "/pdf", "/length"] {
        let (status, answer) = market.scrape(&site.url(path), json!({})).await;
        assert_eq!(status, 200, "{path}: {answer}");
        let text = answer["content"]["text"].as_str().unwrap_or_default();
        assert!(text.contains("built of granite"), "{path}: {text}");
    }
}
