//! RFC 9309: what a robots.txt says, and what its absence does.

use proptest::prelude::*;
use scraper_service::fetch::robots::Rules;
use serde_json::json;

use crate::{Site, market::Market, offline, quote};

const US: &str = "paid-scraper";

fn allows(file: &str, path: &str) -> bool {
    Rules::parse(file, US).disallowing(path).is_none()
}

#[test]
fn the_group_that_names_us_counts_and_no_other() {
    let file =
        "User-agent: *\nDisallow: /\n\nUser-Agent: Paid-Scraper/2.1 (+https://x)\nDisallow: /private\n";
    assert!(allows(file, "/page"));
    assert!(!allows(file, "/private/page"));
    let other = "User-agent: paid\nDisallow: /\nUser-agent: paid-scraper-pro\nDisallow: /\n";
    assert!(allows(other, "/page"), "a name is whole");
    assert!(!allows("User-agent: *\nDisallow: /", "/page"), "everybody is us too");
    assert!(
        allows("User-agent: *\nDisallow: /\nUser-agent: paid-scraper\n", "/page"),
        "a group of ours without rules"
    );
}

#[test]
fn groups_of_the_same_name_are_one_and_agents_share_a_group() {
    let file = "User-agent: paid-scraper\nDisallow: /a\n\nUser-agent: other\nDisallow: /\n\nUser-agent: other\n\
                User-agent: paid-scraper\nSitemap: https://x/s.xml\nDisallow: /b\n";
    assert!(!allows(file, "/a") && !allows(file, "/b") && allows(file, "/c"));
}

#[test]
fn the_longest_pattern_wins_and_allow_wins_a_tie() {
    let file = "user-agent: *\nallow: /folder/page\ndisallow: /folder\n";
    assert!(allows(file, "/folder/page.html") && !allows(file, "/folder/other"));
    let tie = "user-agent: *\ndisallow: /page\nallow: /page\n";
    assert!(allows(tie, "/page"));
    let empty = "user-agent: *\ndisallow:\n";
    assert!(allows(empty, "/page"));
    assert!(allows("user-agent: *\ndisallow: /\n", "/robots.txt"), "itself always");
}

#[test]
fn stars_and_ends_match_as_the_rfc_says() {
    let matching = [
        ("/fish*.php", "/fish.php", true),
        ("/fish*.php", "/fishheads/catfish.php?id=1", true),
        ("/fish*.php", "/Fish.php", false),
        ("/*.gif$", "/a/b.gif", true),
        ("/*.gif$", "/a/b.gif?x", false),
        ("/*.gif$", "/a.gif/b.gif", true),
        ("/$", "/", true),
        ("/$", "/a", false),
        ("/a*b*c", "/abbc", true),
        ("/a*b*c", "/acb", false),
        ("/a*$", "/ab", true),
        ("/caf%C3%A9", "/café", true),
        ("/caf%c3%a9", "/caf%C3%A9", true),
        ("/%62ar", "/bar", true),
        ("/a%2Fb", "/a/b", false),
        ("*", "/anything", true),
        ("/fish/", "/fish", false),
    ];
    for (pattern, path, matches) in matching {
        let file = format!("user-agent: *\ndisallow: {pattern}\n");
        assert_eq!(!allows(&file, path), matches, "{pattern} on {path}");
    }
}

#[test]
fn what_surrounds_the_rules_does_not_matter() {
    let file = "\u{feff}# hello\r\nUSER-AGENT : * # all\r\n  Disallow:/private # keep out\r\nCrawl-delay: 10\r\nnonsense\r\n";
    assert!(!allows(file, "/private") && allows(file, "/"));
    assert!(!allows("user-agent: *\rdisallow: /a\rdisallow: /b", "/b"), "old line ends");
    assert!(allows("disallow: /", "/page"), "rules before any agent are nobody's");
}

proptest! {
    /// Whatever a file holds, reading it ends, and a file that disallows everything at its end is obeyed.
    #[test]
    fn any_file_can_be_read(text in "(?s).{0,2000}", path in "/[ -~]{0,200}") {
        let _ = allows(&text, &path);
        let file = format!("{text}\nuser-agent: {US}\ndisallow: *\nuser-agent: nobody\n");
        prop_assert!(path == "/robots.txt" || !allows(&file, &path) || text.to_lowercase().contains("allow"));
    }
}

/// What the free quote makes of a site whose robots.txt is answered so.
async fn verdict(status: &str, fields: &str, body: impl AsRef<[u8]>) -> (u16, String) {
    let site = Site::open().await;
    site.page("/robots.txt", status, fields, body);
    let running = offline().env("SCRAPER_ALLOW_ORIGINS", &site.host()).start();
    let (status, answer) = quote(&running, &site.url("/page")).await;
    (status, answer["reason"].as_str().unwrap_or("allowed").to_owned())
}

#[tokio::test]
async fn a_file_that_is_not_shown_allows_and_a_server_in_trouble_disallows() {
    for status in ["404 Not Found", "401 Unauthorized", "403 Forbidden", "410 Gone", "429 Too Many Requests"]
    {
        assert_eq!(
            verdict(status, "", "User-agent: *\nDisallow: /").await,
            (200, "allowed".to_owned()),
            "{status}"
        );
    }
    for status in ["500 Internal Server Error", "503 Service Unavailable"] {
        assert_eq!(verdict(status, "", "").await, (502, "robots_unreachable".to_owned()), "{status}");
    }
    assert_eq!(
        verdict("200 OK", "", "User-agent: *\nDisallow: /").await,
        (403, "robots_disallowed".to_owned())
    );
}

/// An address where nobody listens.
async fn nobody() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").to_string()
}

#[tokio::test]
async fn a_host_that_is_down_is_an_error_and_no_word_about_robots() {
    let (down, site) = (nobody().await, Site::open().await);
    site.redirect("/robots.txt", &format!("http://{down}/robots.txt"));
    let origins = format!("{down},{}", site.host());
    let market = Market::open(|program| {
        program.env("SCRAPER_ALLOW_ORIGINS", &origins).env("SCRAPER_BROWSER", "/nonexistent")
    })
    .await;
    let page = format!("http://{down}/page");
    let (status, problem) = market.scrape(&page, json!({})).await;
    assert_eq!(
        (status, &problem["reason"], &problem["verdict"]),
        (502, &json!("no_connection"), &json!("error")),
        "{problem}"
    );
    assert_eq!(quote(&market.running, &page).await.1["reason"], "no_connection");
    // A site that sends us for its rules to where nobody is, has not let us in.
    assert_eq!(market.refusal(&site.url("/page")).await, (502, "robots_unreachable".to_owned()));
    assert_eq!((site.asked("/page"), market.earned().await), (0, 0));
}

#[tokio::test]
async fn half_a_megabyte_is_read_and_the_rest_is_not() {
    let filler = "# nothing\n".repeat(51_300);
    let late = format!("{filler}User-agent: *\nDisallow: /\n");
    assert_eq!(verdict("200 OK", "", &late).await, (200, "allowed".to_owned()), "after 500 KiB");
    let early = format!("User-agent: *\nDisallow: /\n{filler}");
    assert_eq!(verdict("200 OK", "", &early).await, (403, "robots_disallowed".to_owned()));
}

#[tokio::test]
async fn five_redirects_are_followed_and_a_file_is_kept() {
    let site = Site::open().await;
    site.redirect("/robots.txt", "/1")
        .redirect("/1", "/2")
        .redirect("/2", "/3")
        .redirect("/3", "/4")
        .redirect("/4", "/5");
    site.page("/5", "200 OK", "", "User-agent: *\nDisallow: /private\n");
    let running = offline().env("SCRAPER_ALLOW_ORIGINS", &site.host()).start();
    assert_eq!(quote(&running, &site.url("/page")).await.0, 200);
    let (status, problem) = quote(&running, &site.url("/private/page?x=1")).await;
    assert_eq!((status, problem["reason"].as_str()), (403, Some("robots_disallowed")), "{problem}");
    assert_eq!(problem["verdict"], "robots");
    assert_eq!(problem["evidence"], json!([{ "sign": "robots_rule", "detail": "Disallow: /private" }]));
    assert_eq!((site.asked("/robots.txt"), site.asked("/5")), (1, 1), "asked once for both");
    assert_eq!(site.asked("/page"), 0, "a quote fetches no page");

    let round = Site::open().await;
    round.redirect("/robots.txt", "/robots.txt");
    let running = offline().env("SCRAPER_ALLOW_ORIGINS", &round.host()).start();
    assert_eq!(quote(&running, &round.url("/page")).await.0, 502);
    assert_eq!(round.asked("/robots.txt"), 6);
}
