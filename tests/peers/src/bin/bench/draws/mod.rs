//! What a draw takes: its proof alone, its share of a paid call, and how many are sold a second.

mod log;
mod vrf;

use anyhow::{Context, ensure};
use devnet::BlockTime;
use draw::{Draw, DrawInput, DrawReceipt, DrawRequest, Mode, Scheme, SecretKey};
use peers::market::Market;
use reqwest::Client;
use x402::SigningKey;

use crate::{
    data::{Row, Table},
    harness::{Harness, figure},
    payments::{
        calls::{Until, call, client},
        phases,
    },
    section::Bench,
    service::{Service, key_file},
};

const PATH: &str = "/v1/random";
/// Buyers that call at once.
const MANY: usize = 16;
/// Calls of each buyer in a round.
const EACH: usize = 16;
/// Draws in a round, without payment.
const DRAWS: u32 = 2_000;
/// The chain's signer that claims from channels.
const CLAIMER: usize = 4;
const CUSTOMERS: &str = "32";

/// Figures of paid calls, round by round.
#[derive(Default)]
struct Paid {
    exact: Vec<f64>,
    channels: Vec<f64>,
    work: Vec<f64>,
    commit: Vec<f64>,
    receipt: f64,
}

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let alone = (0..bench.rounds).map(|_| unpaid()).collect::<anyhow::Result<Vec<_>>>()?;
    let paid = Paid::measure(bench).await?;
    let rows = [
        Row::new("draws on one core: request, proof, values, receipt", "per second", &alone),
        Row::new("paid by `exact`, 16 buyers", "per second", &paid.exact),
        Row::new("paid from 32 channels, each leaf and voucher durable", "per second", &paid.channels),
        Row::new("what the draw adds to a paid call, p50 (`work`)", "ms", &paid.work).goal("below 0.2"),
        Row::new("its leaf and answer on disk, p50 (`commit`)", "ms", &paid.commit),
        Row::new("receipt of 32 bytes", "bytes", &[paid.receipt]),
    ];
    let sold = Table::new("32 bytes each, a block for every transaction", rows);
    Ok(vec![vrf::measure(bench)?, sold, log::measure(bench)?])
}

/// Draws a second, made as the service makes them.
fn unpaid() -> anyhow::Result<f64> {
    let secret = SecretKey::from_seed(&[9; 32]);
    let began = std::time::Instant::now();
    for number in 0..DRAWS {
        let mut nonce = [0; 32];
        nonce[..4].copy_from_slice(&number.to_be_bytes());
        let (asset, payer, mode) = ([0; 20], [0; 20], Mode::Instant);
        let input = DrawInput { epoch: 0, scheme: Scheme::Exact, chain_id: 0, asset, payer, nonce, mode };
        let request = DrawRequest::single(Draw::Bytes { count: 32 })?;
        std::hint::black_box(serde_json::to_vec(&DrawReceipt::draw(&secret, &input, request)?)?);
    }
    Ok(f64::from(DRAWS) / began.elapsed().as_secs_f64())
}

impl Paid {
    async fn measure(bench: &Bench) -> anyhow::Result<Self> {
        let market = Market::open(BlockTime::Auto).await?;
        let claimer = key_file(&market, "channels.key", CLAIMER)?;
        let claimer = claimer.to_str().context("a path of plain characters")?;
        let pay_to = market.chain.pay_to().rng;
        let rng = Service::start(&market, "rng", pay_to, &[("X402_CHANNEL_KEY_FILE", claimer)]).await?;
        let (url, http) = (rng.url(PATH), client()?);
        let key = |index| Ok(SigningKey::from_bytes(&market.chain.buyer(index).private_key.0)?);
        let buyers = (0..MANY).map(key).collect::<anyhow::Result<Vec<_>>>()?;
        let harness = Harness::new(&market)?;
        harness.fund(CUSTOMERS, "10").await?;
        let mut paid = Self { receipt: receipt(&http, &url, &buyers[0]).await?, ..Self::default() };
        for _ in 0..bench.rounds {
            let calls = call(&http, &url, &buyers, Until::Calls(EACH)).await?;
            ensure!(calls.failed == 0, "{} draws were not answered", calls.failed);
            paid.exact.push(calls.per_second);
            paid.work.push(phases::median(&calls, "work"));
            paid.commit.push(phases::median(&calls, "commit"));
            paid.channels.push(from_channels(&harness, &url).await?);
        }
        Ok(paid)
    }
}

async fn from_channels(harness: &Harness<'_>, url: &str) -> anyhow::Result<f64> {
    let plan = ["--closed", CUSTOMERS, "--buyers", CUSTOMERS, "--duration", "4s", "--budget", "300"];
    let result = harness.run(&[&plan[..], &["--scheme", "batch-settlement", "--url", url]].concat()).await?;
    ensure!(result["verdict"]["passed"] == true, "{}", result["verdict"]);
    Ok(figure(&result, "/load/served_per_s"))
}

/// The size of an answer.
async fn receipt(http: &Client, url: &str, buyer: &SigningKey) -> anyhow::Result<f64> {
    let header = peers::payment::header(buyer, &peers::payment::offer(http, url).await?)?;
    let answer = http.get(url).header(x402::PAYMENT_SIGNATURE, header).send().await?.error_for_status()?;
    Ok(answer.bytes().await?.len() as f64)
}
