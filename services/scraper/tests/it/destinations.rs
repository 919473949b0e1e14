//! Where nobody's money makes us go: each notation and each trick is refused before anything is connected to.

use std::net::Ipv4Addr;

use crate::{Site, names::Names, offline, quote};

const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
const PUBLIC: Ipv4Addr = Ipv4Addr::new(8, 8, 8, 8);

#[tokio::test]
async fn every_notation_of_a_private_address_is_refused() {
    let running = offline().start();
    let mut urls: Vec<String> = [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://127.0.0.1./",
        "http://0/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://①②⑦.⓪.⓪.①/",
        "https://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.0.1:80/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
    ]
    .map(str::to_owned)
    .to_vec();
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

#[tokio::test]
async fn a_redirect_is_checked_like_any_other_url() {
    let names = Names::open(&[("loopback.test", &[&[LOOPBACK]])]).await;
    for to in [
        "http://127.0.0.1/",
        "http://loopback.test/",
        "http://[::ffff:169.254.169.254]/",
        "http://0x7f000001/",
        "file:///etc/passwd",
        "http://user:word@example.com/",
        "http://example.com:22/",
    ] {
        // Robots files are redirected by the same code as pages, and cost nothing to ask for.
        let site = Site::open().await;
        let running = offline()
            .env("SCRAPER_NAMESERVER", &names.address.to_string())
            .env("SCRAPER_ALLOW_ORIGINS", &site.host())
            .start();
        site.redirect("/robots.txt", to);
        let (status, problem) = quote(&running, &site.url("/")).await;
        assert_eq!(
            (status, problem["reason"].as_str()),
            (403, Some("destination_refused")),
            "{to}: {problem}"
        );
    }
}
