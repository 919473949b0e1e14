//! What a paid scrape takes: a page of a site on loopback, with and without a browser, and what the service keeps of it.

mod process;
mod site;

use anyhow::ensure;
use devnet::BlockTime;
use peers::market::Market;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use x402::SigningKey;

use self::{process::Usage, site::Site};
use crate::{
    data::{Row, Table},
    payments::{
        calls::{Calls, Until, call_by, client},
        phases,
    },
    section::Bench,
    service::Service,
};

/// Buyers that call at once.
const MANY: usize = 16;
/// Calls in a round, one at a time.
const ALONE: usize = 30;
/// Calls of each buyer in a round, when all call at once.
const EACH: usize = 8;
/// As many pages as the service renders at once have a buyer each, who calls so often in a round.
const RENDERERS: usize = 2;
const RENDERED: usize = 6;
/// Pages before memory is looked at for the first time, and the second time.
const WARM: usize = 64;
const SCRAPED: usize = 1_008;
const RENDERED_WARM: usize = 20;
const RENDERED_IN_ALL: usize = 200;

/// A site, a service, and those who buy.
struct Shop {
    service: Service,
    site: Site,
    http: reqwest::Client,
    buyers: Vec<SigningKey>,
    _market: Market,
}

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let shop = Shop::open().await?;
    let fresh = shop.request("/page", json!({}));
    let copy = shop.request("/page", json!({ "max_age": 3600 }));
    let memory = shop.memory(&fresh, MANY, [WARM, SCRAPED]).await?;
    let (alone, many) =
        (shop.rounds(&fresh, 1, ALONE, bench).await?, shop.rounds(&fresh, MANY, EACH, bench).await?);
    let copies = shop.rounds(&copy, MANY, EACH, bench).await?;
    let app = shop.request("/app", json!({ "render": "always" }));
    let rendered_memory = shop.memory(&app, RENDERERS, [RENDERED_WARM, RENDERED_IN_ALL]).await?;
    let rendered = shop.rounds(&app, RENDERERS, RENDERED, bench).await?;

    let rows = [
        Row::new("one buyer", "per second", &alone.per_second),
        Row::new("one buyer, p50", "ms", &alone.p50),
        Row::new("16 buyers", "per second", &many.per_second),
        Row::new("16 buyers, p50", "ms", &many.p50),
        Row::new("16 buyers, a copy at hand (`max_age`)", "per second", &copies.per_second),
        Row::new("16 buyers, processor time a page, workers included", "ms", &many.cpu),
        Row::new("rendered, two at once", "per second", &rendered.per_second),
        Row::new("rendered, p50", "ms", &rendered.p50),
        Row::new("rendered, processor time a page, browser included", "ms", &rendered.cpu),
    ];
    let grown =
        |what, [before, after]: [f64; 2], first| Row::new(what, "MB", &[after]).beside(first, &[before]);
    let memory = [
        grown("resident after 1,000 pages, workers included", memory, "after the first 64"),
        grown(
            "resident after 200 rendered pages, without the browser",
            rendered_memory,
            "after the first 20",
        ),
    ];
    let (one, all) = (phases::rows("one buyer", &alone.calls), phases::rows("16 buyers", &many.calls));
    Ok(vec![
        Table::new("A page of a site on loopback, paid for, a block for every transaction", rows),
        Table::new("Where the time goes, by `Server-Timing`", one.into_iter().chain(all)),
        Table::new("Memory", memory),
    ])
}

/// The figures of one way to buy, round by round.
#[derive(Default)]
struct Rounds {
    per_second: Vec<f64>,
    p50: Vec<f64>,
    /// Processor time a call, in milliseconds.
    cpu: Vec<f64>,
    calls: Calls,
}

impl Shop {
    async fn open() -> anyhow::Result<Self> {
        let market = Market::open(BlockTime::Auto).await?;
        let site = Site::open().await?;
        let settings = [
            ("SCRAPER_ALLOW_ORIGINS", site.host()),
            // The site asks for no patience.
            ("SCRAPER_HOST_RATE", "100000".to_owned()),
            // One browser for all: the time of one that was replaced is nobody's.
            ("SCRAPER_PAGES_PER_BROWSER", "100000".to_owned()),
            // For a root in a container; the page is ours.
            ("SCRAPER_BROWSER_NO_SANDBOX", "true".to_owned()),
        ];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let pay_to = market.chain.pay_to().scraper;
        let service = Service::start(&market, "scraper", pay_to, &settings).await?;
        let key = |index| Ok(SigningKey::from_bytes(&market.chain.buyer(index).private_key.0)?);
        let buyers = (0..MANY).map(key).collect::<anyhow::Result<_>>()?;
        Ok(Self { service, site, http: client()?, buyers, _market: market })
    }

    /// The text of a page, with more asked where `with` says so.
    fn request(&self, path: &str, mut with: Value) -> RequestBuilder {
        with["url"] = self.site.url(path).into();
        with["formats"] = json!(["markdown"]);
        self.http.post(self.service.url("/v1/scrape")).json(&with)
    }

    async fn buy(&self, request: &RequestBuilder, buyers: usize, each: usize) -> anyhow::Result<Calls> {
        let calls = call_by(request, &self.buyers[..buyers], Until::Calls(each)).await?;
        ensure!(calls.failed == 0, "{} scrapes were not answered with content", calls.failed);
        Ok(calls)
    }

    async fn rounds(
        &self,
        request: &RequestBuilder,
        buyers: usize,
        each: usize,
        bench: &Bench,
    ) -> anyhow::Result<Rounds> {
        let mut rounds = Rounds::default();
        for _ in 0..bench.rounds {
            let before = Usage::of(self.service.id())?;
            let calls = self.buy(request, buyers, each).await?;
            let spent = Usage::of(self.service.id())?.cpu_ms - before.cpu_ms;
            rounds.cpu.push(spent / calls.took.len() as f64);
            rounds.per_second.push(calls.per_second);
            rounds.p50.push(calls.p50());
            rounds.calls.extend(calls);
        }
        Ok(rounds)
    }

    /// What is resident after so many pages, and after so many.
    async fn memory(
        &self,
        request: &RequestBuilder,
        buyers: usize,
        pages: [usize; 2],
    ) -> anyhow::Result<[f64; 2]> {
        let [first, last] = pages.map(|pages| pages / buyers);
        self.buy(request, buyers, first).await?;
        let before = Usage::of(self.service.id())?.resident_mb;
        self.buy(request, buyers, last - first).await?;
        Ok([before, Usage::of(self.service.id())?.resident_mb])
    }
}
