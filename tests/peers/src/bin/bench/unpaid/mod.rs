//! What an unpaid request costs: the gate's 402 beside the same bytes from a bare axum route of the same process, and beside the
//! 402 of x402-axum.

mod load;

use std::{net::SocketAddr, time::Duration};

use anyhow::ensure;
use devnet::BlockTime;
use peers::ROUTE;

use crate::{
    data::{Row, Table},
    section::Bench,
    sellers::{STOCK, Sellers},
};
pub(crate) use load::processor_time;
use load::{Client, Load};

/// How long each server is asked at a stretch. Short, so that what else the machine does meets all of them alike.
const STRETCH: Duration = Duration::from_millis(50);
/// Pairs of stretches of each server in a round, there and back.
const STRETCHES: u32 = 10;
/// Requests that go out together, where the cost of packets is to matter less.
const PIPELINED: u32 = 16;

struct Server {
    client: Client,
    loads: Vec<Load>,
}

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Table>> {
    let (Sellers { ours, stock, .. }, rounds) = (&Sellers::open(BlockTime::Auto).await?, bench.rounds);
    let [gate, bare, ..] = ours.addresses[..] else { anyhow::bail!("our seller has two addresses") };
    ensure_same(gate, bare).await?;
    let addresses = [(gate, ours.id()), (bare, ours.id()), (stock.addresses[0], stock.id())];
    let measured = move || -> anyhow::Result<_> {
        Ok((load(addresses, 1, rounds)?, load(addresses, PIPELINED, rounds)?))
    };
    let (plain, deep) = tokio::task::spawn_blocking(measured).await??;
    let ([gate, bare, stock], [gate_deep, bare_deep, stock_deep]) = (plain, deep);
    let rows = [
        ("one at a time on a connection", &gate, BARE, &bare),
        ("16 pipelined", &gate_deep, BARE, &bare_deep),
        ("one at a time on a connection", &gate, STOCK, &stock),
        ("16 pipelined", &gate_deep, STOCK, &stock_deep),
    ];
    let rows = rows.into_iter().flat_map(|(what, ours, peer, theirs)| compare(what, ours, peer, theirs));
    Ok(vec![Table::new("", rows)])
}

fn load(addresses: [(SocketAddr, u32); 3], depth: u32, rounds: u32) -> anyhow::Result<[Server; 3]> {
    let connect = |(address, process)| -> anyhow::Result<_> {
        Ok(Server { client: Client::connect(address, process, ROUTE, depth)?, loads: Vec::new() })
    };
    let [gate, bare, stock] = addresses.map(connect);
    let mut servers = [gate?, bare?, stock?];
    for round in 0..=rounds {
        for _ in 0..STRETCHES {
            servers.iter_mut().try_for_each(|server| server.client.ask(STRETCH))?;
            servers.iter_mut().rev().try_for_each(|server| server.client.ask(STRETCH))?;
        }
        for server in &mut servers {
            let load = server.client.take();
            // The first round warms up.
            server.loads.extend((round > 0).then_some(load));
        }
    }
    Ok(servers)
}

const BARE: &str = "bare axum, same bytes";

fn compare(what: &str, ours: &Server, peer: &str, theirs: &Server) -> [Row; 2] {
    let row = |unit, figure: fn(&Load) -> f64| {
        let of = |server: &Server| server.loads.iter().map(figure).collect::<Vec<_>>();
        Row::new(what, unit, &of(ours)).beside(peer, &of(theirs))
    };
    let rate = row("per second", |load| load.per_second);
    let rate = if peer == BARE { rate.goal("at least 0.95") } else { rate };
    [rate, row("µs of server processor", |load| load.processor_us)]
}

/// The comparison means something only if both send the same.
async fn ensure_same(gate: SocketAddr, bare: SocketAddr) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut answers = Vec::new();
    for address in [gate, bare] {
        let answer = http.get(format!("http://{address}{ROUTE}")).send().await?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        headers.remove(http::header::DATE);
        answers.push((status, headers, answer.bytes().await?));
    }
    ensure!(answers[0] == answers[1], "the bare route answers otherwise than the gate");
    Ok(())
}
