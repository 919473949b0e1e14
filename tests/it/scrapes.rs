//! Page scrapes: content is charged for, and nothing else is.

use axum::{
    Router,
    http::StatusCode,
    response::{Html, Redirect},
    routing::get,
};
use devnet::{Devnet, Options};
use reqwest::Response;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use x402::{ExtensionInfo, Refunds, SettlementResponse, SigningKey, decode_header};

use crate::{
    program::{Program, Running, client, payment},
    support::{binary, eventually},
};

const PRICE: u64 = 5_000;

const ARTICLE: &str = "<!doctype html><html lang=en><title>Tides</title><article><h1>Tides</h1><p>The sea at this coast rises \
    and falls by nine metres, twice a day, and the harbour with it; who wants to leave it by boat reads the table that hangs \
    beside the door of the inn, and is early.</p><p>The table has been right since 1911, when the moon was last argued with \
    by the harbour master.</p></article></html>";

/// A chain, a web site, the service, and a buyer.
pub(crate) struct Market {
    pub(crate) chain: Devnet,
    pub(crate) scraper: Running,
    pub(crate) site: String,
    payer: SigningKey,
}

impl Market {
    pub(crate) async fn open() -> Self {
        Self::on(pages()).await
    }

    async fn on(pages: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let site = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move { axum::serve(listener, pages).await });
        let chain = Devnet::start(Options::default()).await.expect("a chain");
        let scraper = Program::new(binary("scraper")).on("devnet", chain.rpc_url());
        let channels = scraper.file("channels.key", &chain.signer(5).private_key.to_string());
        let scraper = scraper
            .env("X402_CHANNEL_KEY_FILE", &channels)
            .env("X402_PAY_TO", &chain.pay_to().scraper.to_string())
            .env("SCRAPER_ALLOW_ORIGINS", &site)
            .env("SCRAPER_HOST_RATE", "1000")
            .env("SCRAPER_BROWSER", "/nonexistent")
            .start();
        let payer = SigningKey::from_bytes(&chain.buyer(0).private_key.0).expect("a key");
        Self { chain, scraper, site: format!("http://{site}"), payer }
    }

    /// Pays for a call: its status, and its answer.
    async fn buy(&self, path: &str, request: &Value, nonce: u8) -> (u16, Value) {
        let answer = self.pay(path, request, nonce).await;
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn pay(&self, path: &str, request: &Value, nonce: u8) -> Response {
        let post = || client().post(format!("{}{path}", self.scraper.public)).json(request);
        let offer = post().send().await.expect("an offer");
        assert_eq!(offer.status(), 402);
        let payment = payment(&offer, &self.payer, nonce);
        post().header("payment-signature", payment).send().await.expect("an answer")
    }

    fn page(&self, path: &str) -> Value {
        json!({ "url": format!("{}{path}", self.site) })
    }

    /// What the first of the chain's buyers and the service have.
    pub(crate) async fn balances(&self) -> (u64, u64) {
        let balance = async |account| self.chain.balance_of(account).await.expect("a balance").to::<u64>();
        (balance(self.payer.address()).await, balance(self.chain.pay_to().scraper).await)
    }

    /// Waits until the chain shows what the payer and the payee are to have.
    async fn until_balances(&self, expected: (u64, u64)) {
        eventually(async || match self.balances().await {
            balances if balances == expected => Ok(()),
            balances => Err(format!("{balances:?} and not {expected:?}")),
        })
        .await;
    }
}

fn pages() -> Router {
    Router::new()
        .route("/robots.txt", get(async || "User-agent: *\nDisallow: /private\n"))
        .route("/article", get(async || Html(ARTICLE)))
        .route("/moved", get(async || Redirect::permanent("/article")))
        .route("/round", get(async || Redirect::permanent("/round")))
        .route("/note.txt", get(async || "68 bytes are content too."))
        .route("/private/article", get(async || Html(ARTICLE)))
        .route("/empty", get(async || Html("<html><body><script>1</script></body></html>")))
        .route("/down", get(async || (StatusCode::SERVICE_UNAVAILABLE, Html(ARTICLE))))
}

#[tokio::test]
async fn content_is_charged_for_and_says_where_it_comes_from() {
    let market = Market::open().await;
    let (payer, payee) = market.balances().await;
    for (index, path) in (1..).zip(["/article", "/moved", "/note.txt"]) {
        let (status, answer) = market.buy("/v1/scrape", &market.page(path), index).await;
        assert_eq!((status, answer["verdict"].as_str()), (200, Some("content")), "{path}: {answer}");
        let provenance = &answer["provenance"];
        assert_eq!(provenance["peer"]["ip"], "127.0.0.1");
        assert_eq!(provenance["redirects"].as_array().map(Vec::len), Some(usize::from(path == "/moved")));
        assert_eq!(provenance["status"], 200);
        let charged = PRICE * u64::from(index);
        assert_eq!(market.balances().await, (payer - charged, payee + charged), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_content_costs_nothing() {
    let market = Market::open().await;
    let before = market.balances().await;
    let refused = [
        ("/empty", 422, "not_content", "empty"),
        ("/missing", 422, "not_content", "error"),
        ("/down", 422, "not_content", "error"),
        ("/private/article", 403, "robots_disallowed", "robots"),
    ];
    for (index, (path, status, reason, verdict)) in (1..).zip(refused) {
        let (found, problem) = market.buy("/v1/scrape", &market.page(path), index).await;
        assert_eq!(
            (found, problem["reason"].as_str(), problem["verdict"].as_str()),
            (status, Some(reason), Some(verdict)),
            "{path}: {problem}"
        );
        assert_eq!(problem["charged"], false);
    }
    let elsewhere = json!({ "url": "http://169.254.169.254/latest/meta-data/" });
    let (status, problem) = market.buy("/v1/scrape", &elsewhere, 90).await;
    assert_eq!((status, problem["reason"].as_str()), (403, Some("destination_refused")), "{problem}");
    let picture = json!({ "url": market.page("/article")["url"], "formats": ["screenshot"] });
    let (status, problem) = market.buy("/v1/scrape", &picture, 91).await;
    assert_eq!((status, problem["reason"].as_str()), (501, Some("no_browser")), "{problem}");
    assert_eq!(market.balances().await, before);
}

#[tokio::test]
async fn a_batch_costs_those_of_its_pages_that_are_content() {
    let market = Market::open().await;
    let (payer, payee) = market.balances().await;
    let batch = json!({ "pages": [market.page("/empty"), market.page("/missing")] });
    let (status, problem) = market.buy("/v1/scrape/batch", &batch, 1).await;
    assert_eq!((status, problem["reason"].as_str()), (422, Some("batch_without_content")), "{problem}");
    assert_eq!(problem["pages"][0]["verdict"], "empty");
    assert_eq!(market.balances().await, (payer, payee), "nothing is charged for nothing");

    let pages = ["/article", "/missing", "/note.txt", "/private/article"].map(|path| market.page(path));
    let paid = market.pay("/v1/scrape/batch", &json!({ "pages": pages }), 2).await;
    let settlement: SettlementResponse =
        decode_header(paid.headers()["payment-response"].as_bytes()).expect("a settlement");
    let refund = Refunds::read(settlement.extensions.as_ref()).expect("readable").expect("announced").0[0];
    assert_eq!((refund.index, refund.amount.atomic(), refund.to), (0, 2 * PRICE, market.payer.address()));
    let answer: Value = paid.json().await.expect("JSON");
    let verdicts = answer["pages"].as_array().expect("pages").iter().map(|page| page["verdict"].as_str());
    let expected = ["content", "error", "content", "robots"].map(Some);
    assert!(verdicts.eq(expected) && answer["charged"] == 2, "{answer}");
    assert_eq!(answer["pages"][1]["url"], market.page("/missing")["url"]);

    // Four were paid for, and two came back, from the wallet of refunds.
    market.until_balances((payer - 2 * PRICE, payee + 4 * PRICE)).await;
    let batch = json!({ "pages": [market.page("/article"), market.page("/moved")] });
    let (status, answer) = market.buy("/v1/scrape/batch", &batch, 3).await;
    assert_eq!((status, &answer["charged"]), (200, &json!(2)), "{answer}");
    assert_eq!(market.balances().await, (payer - 4 * PRICE, payee + 6 * PRICE));
}

/// A copy that is young enough is answered with, and says how old it is.
#[tokio::test]
async fn a_copy_is_used_only_by_those_who_accept_one() {
    let market = Market::open().await;
    let mut page = market.page("/article");
    let (_, first) = market.buy("/v1/scrape", &page, 1).await;
    page["max_age"] = json!(3600);
    let (_, copy) = market.buy("/v1/scrape", &page, 2).await;
    assert_eq!(copy["provenance"]["fetched_at_ms"], first["provenance"]["fetched_at_ms"]);
    assert_eq!(copy["content"], first["content"]);
    page["max_age"] = json!(0);
    let (_, fresh) = market.buy("/v1/scrape", &page, 3).await;
    assert_ne!(fresh["provenance"]["fetched_at_ms"], first["provenance"]["fetched_at_ms"]);
}
