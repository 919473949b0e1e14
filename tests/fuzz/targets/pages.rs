//! An answer of a stranger's server: decoded, judged and extracted under the limits.
#![no_main]

use http::{HeaderMap, StatusCode};
use libfuzzer_sys::fuzz_target;
use scraper_service::extract::{Answer, Format, Options, decode, extract, judge};
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let page = decode(bytes, Some("text/html")).text;
    let url = Url::parse("https://example.com/a/b").expect("a URL");
    let headers = HeaderMap::new();
    let options =
        Options::formats(&[Format::Markdown, Format::Text, Format::Html, Format::Links, Format::Metadata]);
    let _ =
        judge(&Answer { status: StatusCode::OK, headers: &headers, url: &url, body: &page }, &options.limits);
    let _ = extract(&page, Some(&url), &options);
});
