//! What the classifier makes of a labelled set of pages. Run with `--nocapture` to see its error rates.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::Ipv4Addr,
    path::Path,
};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use scraper_service::extract::{Answer, Judgement, Limits, Verdict, judge};
use serde_json::json;
use url::Url;

use crate::{market::Market, names::Names, site::Site};

struct Case {
    name: String,
    expected: String,
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    judged: Judgement,
}

fn case(path: &Path) -> Case {
    let text = fs::read_to_string(path).expect("a case");
    let (head, body) = text.split_once("\n\n").expect("a head and a body");
    let mut fields = head.lines().map(|line| line.split_once(": ").expect("name: value"));
    let mut next =
        |name: &str| fields.next().filter(|field| field.0 == name).expect("expect, url, status, headers").1;
    let (expected, url, status) =
        (next("expect").to_owned(), next("url").parse::<Url>().expect("a URL"), next("status"));
    let headers: HeaderMap = fields
        .map(|(name, value)| {
            (name.parse::<HeaderName>().expect("a name"), value.parse::<HeaderValue>().expect("a value"))
        })
        .collect();
    let status = status.parse::<StatusCode>().expect("a status");
    let body = body.trim_end_matches('\n').to_owned();
    let answer = Answer { status, headers: &headers, url: &url, body: &body };
    let judged = judge(&answer, &Limits::default()).expect("within the limits");
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    Case { name, expected, url, status, headers, body, judged }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verdicts");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("cases").map(|entry| entry.expect("a case").path()).collect();
    paths.sort();
    paths.iter().map(|path| case(path)).collect()
}

fn name(verdict: Verdict) -> String {
    serde_json::to_value(verdict).expect("a name").as_str().expect("a string").to_owned()
}

#[test]
fn the_labelled_pages_are_told_apart() {
    let cases = cases();
    let mut rates: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        let judged = name(case.judged.verdict);
        let rate = rates.entry(&case.expected).or_default();
        rate.1 += 1;
        if judged != case.expected {
            rate.0 += 1;
            wrong.push(format!("{} judged {judged}: {:?}", case.name, case.judged.evidence));
        }
    }
    for (expected, (errors, all)) in &rates {
        println!("{expected:10} {errors} wrong of {all}");
    }
    println!("all        {} wrong of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 80, "the set is whole");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whatever_is_not_content_says_why() {
    for case in cases() {
        assert_eq!(case.judged.verdict == Verdict::Content, case.judged.evidence.is_empty(), "{}", case.name);
    }
}

/// The same pages on the web, bought one by one: content is charged for, and nothing else is.
#[tokio::test]
async fn the_labelled_pages_cost_what_they_are() {
    let (site, cases) = (Site::open().await, cases());
    let hosts: BTreeSet<_> = cases.iter().filter_map(|case| case.url.host_str()).collect();
    let here: &[&[Ipv4Addr]] = &[&[Ipv4Addr::LOCALHOST]];
    let names = Names::open(&hosts.iter().map(|host| (*host, here)).collect::<Vec<_>>()).await;
    let origins: Vec<_> = hosts.iter().map(|host| format!("{host}:{}", site.port())).collect();
    let market = Market::open(|program| {
        program
            .env("SCRAPER_ALLOW_ORIGINS", &origins.join(","))
            .env("SCRAPER_NAMESERVER", &names.address.to_string())
            .env("SCRAPER_BROWSER", "/nonexistent")
    })
    .await;
    let mut earned = 0;
    for case in &cases {
        let mut url = case.url.clone();
        url.set_scheme("http").and_then(|()| url.set_port(Some(site.port()))).expect("a URL of this site");
        let fields = case.headers.iter();
        let fields = fields.map(|(name, value)| format!("{name}: {}\r\n", value.to_str().expect("text")));
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        site.page(path, &case.status.to_string(), &fields.collect::<String>(), &case.body);
        let (status, answer) = market.scrape(url.as_str(), json!({})).await;
        let charged = case.expected == "content";
        assert_eq!(
            (status == 200, &answer["verdict"]),
            (charged, &json!(case.expected)),
            "{}: {answer}",
            case.name
        );
        earned += u64::from(status == 200) * 5_000;
        assert_eq!(market.earned().await, earned, "{}", case.name);
    }
    assert!(earned > 0);
}
