//! `buyer scrape`, as people use it: a page of a local site, from the service, paid on a chain.

use std::process::Output;

use serde_json::{Value, json};

use crate::{scrapes::Market, support::BuyerCommand};

const PRICE: u64 = 5_000;

/// A market, and its first customer with the command.
struct Customer {
    market: Market,
    buyer: BuyerCommand,
}

impl Customer {
    async fn new() -> Self {
        let market = Market::open().await;
        let buyer = BuyerCommand::new(&market.chain, 0);
        Self { market, buyer }
    }

    async fn scrape(&self, path: &str, arguments: &[&str]) -> Output {
        let (page, service) = (format!("{}{path}", self.market.site), &self.market.scraper.public);
        self.buyer.run(&[&["scrape", &page, "--service", service], arguments].concat()).await
    }
}

/// Exit code, stdout and stderr.
fn read(output: &Output) -> (Option<i32>, &str, &str) {
    let text = |bytes| str::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn stdout_is_the_content_and_stderr_what_it_cost() {
    let customer = Customer::new().await;
    let (payer, payee) = customer.market.balances().await;
    let bought = customer.scrape("/moved", &["--save", "page.json"]).await;
    let (code, content, said) = read(&bought);
    assert_eq!(code, Some(0), "{said}");
    assert!(content.starts_with("# Tides\n") && content.contains("nine metres"), "{content}");
    let from = format!("from {}/article", customer.market.site);
    for expected in ["content      ", &from, "paid         $0.005 ", "receipt      page.json"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(customer.market.balances().await, (payer - PRICE, payee + PRICE));
    let verified = customer.buyer.run(&["verify", "page.json"]).await;
    assert_eq!(read(&verified).0, Some(0), "{}", read(&verified).1);

    let heading = customer.scrape("/article", &["--format", "text", "--include", "h1"]).await;
    assert_eq!(read(&heading), (Some(0), "Tides\n", read(&heading).2));
    let metadata = customer.scrape("/article", &["--format", "metadata"]).await;
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    assert_eq!(metadata["title"], "Tides");
    let whole = customer.scrape("/article", &["--format", "raw_html", "--json"]).await;
    let whole: Value = serde_json::from_slice(&whole.stdout).expect("JSON");
    assert_eq!(
        (&whole["answer"]["verdict"], &whole["purchase"]["amount"]),
        (&json!("content"), &json!("5000"))
    );
    assert!(whole["answer"]["content"]["raw_html"].as_str().expect("HTML").contains("<title>Tides"));
}

#[tokio::test]
async fn what_is_not_content_is_said_with_a_code_of_its_own_and_costs_nothing() {
    let customer = Customer::new().await;
    let before = customer.market.balances().await;
    for (path, verdict) in
        [("/empty", "empty"), ("/missing", "error"), ("/private/article", "robots"), ("/round", "error")]
    {
        let refused = customer.scrape(path, &[]).await;
        let (code, content, said) = read(&refused);
        assert_eq!((code, content), (Some(66), ""), "{path}: {said}");
        assert!(said.contains(&format!("no content   {verdict}: ")), "{path}: {said}");
        assert!(said.contains("not charged  $0.005 "), "{path}: {said}");
    }
    let refused = customer.scrape("/empty", &["--json"]).await;
    let problem: Value = serde_json::from_slice(&refused.stdout).expect("JSON");
    assert_eq!((read(&refused).0, &problem["problem"]["verdict"]), (Some(66), &json!("empty")));
    assert_eq!(customer.market.balances().await, before);
}

#[tokio::test]
async fn a_budget_ends_the_scraping_before_anything_is_signed() {
    let customer = Customer::new().await;
    let (payer, payee) = customer.market.balances().await;
    let set = customer.buyer.run(&["budget", "set", "reading", "--per-day", "0.009"]).await;
    assert_eq!(read(&set).0, Some(0), "{}", read(&set).2);
    let pages = [("/article", Some(0)), ("/note.txt", Some(77))];
    for (path, expected) in pages {
        let scraped = customer.scrape(path, &["--budget", "reading"]).await;
        assert_eq!(read(&scraped).0, expected, "{path}: {}", read(&scraped).2);
    }
    let dear = customer.scrape("/article", &["--max", "0.001"]).await;
    assert_eq!(read(&dear).0, Some(77), "{}", read(&dear).2);
    assert_eq!(customer.market.balances().await, (payer - PRICE, payee + PRICE));
}

#[tokio::test]
async fn many_pages_are_paid_from_a_channel_and_only_content_is_charged() {
    let customer = Customer::new().await;
    let first = customer.scrape("/article", &["--calls", "100"]).await;
    assert_eq!(read(&first).0, Some(0), "{}", read(&first).2);
    assert!(read(&first).2.contains("deposited    $0.50 "), "{}", read(&first).2);
    let refused = customer.scrape("/empty", &[]).await;
    let (code, content, said) = read(&refused);
    assert_eq!((code, content), (Some(66), ""), "{said}");
    assert!(
        said.contains("no content   empty: ") && said.contains("the channel holds what it held"),
        "{said}"
    );
    let listed = customer.buyer.run(&["channel", "list", "--json"]).await;
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed[0]["charged"], "5000");
}
