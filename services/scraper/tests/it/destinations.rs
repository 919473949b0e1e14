//! Where nobody's money makes us go: each notation and each trick is refused before anything is connected to.

use std::{net::Ipv4Addr, num::NonZeroU32, time::Duration};

use http::HeaderValue;
use scraper_service::fetch::{
    AllowedOrigins, Connector, FetchError, FetchLimits, Fetcher, FetcherSettings, Resolver, Target,
};

use crate::{
    Site,
    addresses::{disguises, special_v4, special_v6},
    names::Names,
    offline, quote,
    support::PATIENCE,
};

const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
const PUBLIC: Ipv4Addr = Ipv4Addr::new(8, 8, 8, 8);

/// The hosts that lead to no public place: an address of every special range, in every notation that a URL may have.
fn private_hosts() -> Vec<String> {
    let v4 = special_v4().flat_map(notations);
    let beyond = ["::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1", "64:ff9b:1::1", "100::1"];
    let beyond = beyond.map(|address| address.parse().expect("an address"));
    v4.chain(special_v6().chain(beyond).map(|address| format!("[{address}]"))).collect()
}

/// One IPv4 address: whole and in parts, in the bases that the URL Standard reads, and within IPv6.
fn notations(address: Ipv4Addr) -> Vec<String> {
    let ([a, b, c, d], bits) = (address.octets(), address.to_bits());
    let (low, lowest) = (bits & 0xff_ffff, bits & 0xffff);
    let mut all = vec![
        format!("{address}"),
        format!("{address}."),
        format!("{bits}"),
        format!("0x{bits:x}"),
        format!("0{bits:o}"),
        format!("{a}.{low}"),
        format!("{a}.{b}.{lowest}"),
        format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("0x{a:x}.0{low:o}"),
        // Digits that are letters of another script, and digits that are escaped.
        address.to_string().chars().map(fullwidth).collect(),
        address.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect(),
    ];
    all.extend(disguises(address).map(|disguise| format!("[{disguise}]")));
    all
}

fn fullwidth(c: char) -> char {
    c.to_digit(10).and_then(|digit| char::from_u32(0xff10 + digit)).unwrap_or('\u{3002}')
}

#[tokio::test]
async fn every_notation_of_a_private_address_is_refused() {
    let running = offline().start();
    let mut urls: Vec<_> =
        private_hosts().iter().map(|host| format!("http://{host}/latest/meta-data/")).collect();
    assert!(urls.len() > 700, "{}", urls.len());
    urls.extend(private_hosts().iter().step_by(7).map(|host| format!("https://{host}/")));
    for port in [22, 25, 8080, 8443, 0, 65535] {
        urls.push(format!("http://example.com:{port}/"));
    }
    urls.extend(
        [
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "http://user@example.com/",
            "http://user:word@example.com/",
        ]
        .map(str::to_owned),
    );
    for url in urls {
        let (status, problem) = quote(&running, &url).await;
        assert_eq!(
            (status, problem["reason"].as_str()),
            (403, Some("destination_refused")),
            "{url}: {problem}"
        );
    }
}

#[tokio::test]
async fn a_name_is_as_public_as_the_least_public_of_its_addresses() {
    let names = Names::open(&[
        ("loopback.test", &[&[LOOPBACK]]),
        ("metadata.test", &[&[METADATA]]),
        ("both.test", &[&[PUBLIC, LOOPBACK]]),
        ("nowhere.test", &[&[]]),
    ])
    .await;
    let running = offline().env("SCRAPER_NAMESERVER", &names.address.to_string()).start();
    for name in ["loopback.test", "metadata.test", "both.test", "LOOPBACK.test", "loopback.test."] {
        let (status, problem) = quote(&running, &format!("http://{name}/")).await;
        assert_eq!(
            (status, problem["reason"].as_str()),
            (403, Some("destination_refused")),
            "{name}: {problem}"
        );
    }
    let (status, problem) = quote(&running, "http://nowhere.test/").await;
    assert_eq!((status, problem["reason"].as_str()), (502, Some("name_not_found")), "{problem}");
}

/// The positive control: the same name at the same address, once the operator has named it.
#[tokio::test]
async fn a_named_origin_is_let_through_and_only_at_its_port() {
    let site = Site::open().await;
    let names = Names::open(&[("shop.test", &[&[LOOPBACK]])]).await;
    let origin = format!("shop.test:{}", site.port());
    let running = offline()
        .env("SCRAPER_NAMESERVER", &names.address.to_string())
        .env("SCRAPER_ALLOW_ORIGINS", &origin)
        .start();
    running.log.wait_for(|line| line["origins"] == origin.as_str() && line["level"] == "WARN");
    let (status, quote_) = quote(&running, &format!("http://{origin}/page")).await;
    assert_eq!((status, quote_["robots"].as_str()), (200, Some("allowed")), "{quote_}");
    assert_eq!(site.asked("/robots.txt"), 1, "nothing else is fetched");
    let (status, problem) = quote(&running, "http://shop.test/page").await;
    assert_eq!((status, problem["reason"].as_str()), (403, Some("destination_refused")), "{problem}");
}

/// A name that is public when it is looked at and private when it is connected to would have to be looked up twice.
#[tokio::test]
async fn a_name_that_changes_its_mind_is_connected_to_where_it_was_checked() {
    let site = Site::open().await;
    // The first answer is looked at; whoever asked again would get the second.
    let names = Names::open(&[("rebind.test", &[&[LOOPBACK], &[METADATA]])]).await;
    let origin = format!("rebind.test:{}", site.port());
    let running = offline()
        .env("SCRAPER_NAMESERVER", &names.address.to_string())
        .env("SCRAPER_ALLOW_ORIGINS", &origin)
        .start();
    let (status, answer) = quote(&running, &format!("http://{origin}/")).await;
    assert_eq!((status, site.asked("/robots.txt")), (200, 1), "{answer}");

    let names = Names::open(&[("rebind.test", &[&[PUBLIC, LOOPBACK], &[LOOPBACK]])]).await;
    let running = offline().env("SCRAPER_NAMESERVER", &names.address.to_string()).start();
    let (status, answer) = quote(&running, "http://rebind.test/").await;
    assert_eq!((status, answer["reason"].as_str()), (403, Some("destination_refused")), "{answer}");
}

/// A fetcher in this process, for what would take a payment each.
fn fetcher(allowed: &str, names: &Names) -> Fetcher {
    let resolver = Resolver::new(Some(names.address)).expect("a resolver");
    Fetcher::new(FetcherSettings {
        connector: Connector::new(resolver).expect("certificate authorities"),
        allowed: allowed.parse().expect("origins"),
        limits: FetchLimits {
            fetch_deadline_ms: PATIENCE,
            max_body_bytes: 1 << 20,
            max_head_bytes: 64 << 10,
            min_rate: 1,
            rate_grace_ms: PATIENCE,
            host_rate: NonZeroU32::MAX,
        },
        user_agent: HeaderValue::from_static("test"),
        cache_bytes: 0,
    })
}

#[tokio::test]
async fn a_redirect_is_checked_like_any_other_url() {
    let (site, other) = (Site::open().await, Site::open().await);
    let names =
        Names::open(&[("loopback.test", &[&[LOOPBACK]]), ("both.test", &[&[PUBLIC, LOOPBACK]])]).await;
    let fetcher = fetcher(&format!("{},{}", site.host(), other.host()), &names);
    let mut places: Vec<_> = private_hosts().iter().map(|host| format!("http://{host}/")).collect();
    places.extend(
        [
            "http://loopback.test/",
            "http://both.test/",
            "//loopback.test/",
            "file:///etc/passwd",
            "http://user:word@example.com/",
            "http://example.com:22/",
        ]
        .map(str::to_owned),
    );
    for (at, place) in places.iter().enumerate() {
        // After a redirect that is let through, too.
        let (first, second) = (format!("/{at}"), format!("/{at}/on"));
        site.redirect(&first, &second).redirect(&second, place);
        let url = site.url(&first).parse().expect("a URL");
        let fetched = fetcher.fetch(&url, Duration::ZERO).await;
        assert!(matches!(fetched, Err(FetchError::Refused { .. })), "{place}: {fetched:?}");
    }
    other.html("/page", "hello");
    site.redirect("/control", &other.url("/page"));
    let control = fetcher.fetch(&site.url("/control").parse().expect("a URL"), Duration::ZERO).await;
    assert_eq!(control.expect("the control").url.as_str(), other.url("/page"));
}

/// The other control: what is public is let through, without anybody having named it.
#[tokio::test]
async fn public_names_and_addresses_are_resolved_to_be_connected_to() {
    let names = Names::open(&[("public.test", &[&[PUBLIC]])]).await;
    let resolver = Resolver::new(Some(names.address)).expect("a resolver");
    for (url, expected) in [
        ("http://public.test/", "8.8.8.8:80"),
        ("https://public.test/", "8.8.8.8:443"),
        ("http://8.8.8.8/", "8.8.8.8:80"),
        ("http://0x08080808/", "8.8.8.8:80"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]:443"),
    ] {
        let target = Target::new(url.parse().expect("a URL"), &AllowedOrigins::default()).expect("a target");
        let addresses = resolver.addresses(&target).await.expect("public");
        assert_eq!(addresses, [expected.parse().expect("an address")], "{url}");
    }
}
