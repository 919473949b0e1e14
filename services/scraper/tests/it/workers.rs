//! Workers that die: the page of the moment is lost, the next one is not.

use std::fs;

use serde_json::json;

use crate::{
    market::Market,
    site::{Site, article},
};

/// The processes that a process has started.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let stat = |id: u32| fs::read_to_string(format!("/proc/{id}/stat")).ok();
    let parent_of = |stat: &str| stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse::<u32>().ok();
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let processes = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    processes.filter(|id| stat(*id).as_deref().and_then(parent_of) == Some(parent)).collect()
}

/// The most memory that a process has had, in bytes (proc_pid_status(5)).
pub(crate) fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a figure");
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kibibytes << 10
}

/// A site with an article at `/page`, and a service with one worker, which sees so many pages.
async fn with_one_worker(pages: &str) -> (Site, Market) {
    let site = Site::open().await;
    site.html("/page", article());
    let market = Market::open(|program| {
        program
            .env("SCRAPER_ALLOW_ORIGINS", &site.host())
            .env("SCRAPER_WORKERS", "1")
            .env("SCRAPER_PAGES_PER_WORKER", pages)
            .env("SCRAPER_BROWSER", "/nonexistent")
    })
    .await;
    (site, market)
}

#[tokio::test]
async fn a_worker_that_is_killed_is_replaced() {
    let (site, market) = with_one_worker("1000").await;
    let page = site.url("/page");
    assert_eq!(market.scrape(&page, json!({})).await.0, 200);
    let before = children(market.running.id());
    assert_eq!(before.len(), 1, "one worker");
    let limits = fs::read_to_string(format!("/proc/{}/limits", before[0])).expect("limits");
    let limit = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).expect("a limit");
        line.split_whitespace().next().expect("a number").to_owned()
    };
    assert_eq!(["Max address space", "Max open files", "Max file size"].map(limit), ["1073741824", "0", "0"]);
    assert_eq!(market.scrape(&page, json!({})).await.0, 200);
    assert_eq!(children(market.running.id()), before, "a worker is used again");

    let killed = std::process::Command::new("kill").args(["-KILL", &before[0].to_string()]).status();
    assert!(killed.expect("kill runs").success());
    let (status, answer) = market.scrape(&page, json!({})).await;
    // Between its death and our notice of it, a page may be lost; the next is not.
    if status != 200 {
        assert_eq!((status, answer["reason"].as_str()), (422, Some("page_takes_too_much")), "{answer}");
        assert_eq!(market.scrape(&page, json!({})).await.0, 200);
    }
    let after = children(market.running.id());
    assert!(after.len() == 1 && after != before, "{after:?}");
}

#[tokio::test]
async fn a_worker_that_has_seen_its_pages_is_replaced() {
    let (site, market) = with_one_worker("2").await;
    let mut workers = Vec::new();
    for _ in 0..4 {
        assert_eq!(market.scrape(&site.url("/page"), json!({})).await.0, 200);
        workers.push(children(market.running.id()));
    }
    assert_ne!(workers[0], workers[2], "{workers:?}");
}

#[tokio::test]
async fn a_page_that_takes_too_long_or_too_much_is_lost_alone() {
    let site = Site::open().await;
    site.html("/page", format!("{}{}", article(), "<p>many words</p>".repeat(150_000)));
    for (limit, value, reason) in [
        ("SCRAPER_WORK_DEADLINE_MS", "0", "page_takes_too_long"),
        // Less than a second of processor time is not to be had: a page has what is left of the one it begins in, and this one.
        ("SCRAPER_WORK_CPU_SECONDS", "0", "page_takes_too_much"),
        // Its stack alone is more: whatever it asks for besides is refused.
        ("SCRAPER_WORK_MEMORY_BYTES", "50000000", "page_takes_too_much"),
    ] {
        let market = Market::open(|program| {
            program
                .env("SCRAPER_ALLOW_ORIGINS", &site.host())
                .env("SCRAPER_WORK_DEADLINE_MS", "60000")
                .env(limit, value)
                .env("SCRAPER_BROWSER", "/nonexistent")
        })
        .await;
        for _ in 0..2 {
            let (status, found) = market.refusal(&site.url("/page")).await;
            assert_eq!((status, found.as_str()), (422, reason), "{limit}");
        }
        assert_eq!(market.earned().await, 0);
        let quote = crate::quote(&market.running, &site.url("/page")).await;
        assert_eq!(quote.0, 200, "the service goes on");
    }
}
