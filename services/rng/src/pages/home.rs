use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use axum::{extract::State, response::Response};
use draw::leaf::DrawLeaf;
use draw::{Leaf, hex_bytes};
use maud::{Markup, html};
use service_kit::Problem;

use super::{page, respond};
use crate::{Rng, clock};

/// Most entries that are counted, and shown.
const COUNTED: u64 = 4096;
const SHOWN: usize = 12;
/// Days of the plot.
const DAYS: u32 = 14;

/// `GET /`.
pub(crate) async fn home(State(rng): State<Arc<Rng>>) -> Result<Response, Problem> {
    let head = rng.log.store.head().await?;
    let today = clock::day(clock::seconds());
    let key = rng.keys.of(today).await?;
    let start = head.size.saturating_sub(COUNTED);
    let entries = rng.log.store.entries(start, head.size - start).await?;
    let leaves: Vec<_> = (start..).zip(entries.iter().map(|entry| Leaf::decode(entry))).collect();
    let content = html! {
        h1 { "Random numbers that you can prove nobody chose" }
        p { "Dice, shuffles, samples, passwords, bytes: $0.001 a call, or $0.00001 a value from a channel, paid in USDC with x402, no account. Each draw comes with a proof that the values follow from your payment and your request, under a key that was public the day before." }
        div.cards {
            div.card { b { (today) } "epoch: today, in days since 1970" }
            div.card { b { (head.size) } "entries in the log" }
            div.card { b { (count(&leaves, |leaf| matches!(leaf, Leaf::Draw(_)))) } "draws among the latest " (leaves.len()) }
            div.card { b { (if rng.beacon.is_some() { "yes" } else { "no" }) } "draws by the public beacon" }
        }
        h2 { "Draws a day" }
        (plot(&leaves, today))
        h2 { "The key of the day, and the log" }
        dl {
            dt { "Key" } dd { code { (key.secret.public_key()) } }
            dt { "Log" } dd { code { (rng.log.key()) } }
            dt { "Checkpoint" } dd { pre { (head.checkpoint.as_deref().unwrap_or("none yet")) } }
        }
        (latest(&leaves))
        (trust())
        (how(&rng.public_url))
    };
    Ok(respond(page("rng", &content, None), "no-cache", ""))
}

fn count(leaves: &[(u64, Option<Leaf>)], wanted: impl Fn(&Leaf) -> bool) -> usize {
    leaves.iter().filter(|(_, leaf)| leaf.as_ref().is_some_and(&wanted)).count()
}

/// Bars, one a day. Entries have no time of their own: the epoch is the day.
fn plot(leaves: &[(u64, Option<Leaf>)], today: u32) -> Markup {
    let mut days: BTreeMap<u32, u32> = (today.saturating_sub(DAYS - 1)..=today).map(|day| (day, 0)).collect();
    for (_, leaf) in leaves {
        if let Some(Leaf::Draw(DrawLeaf { epoch, .. })) = leaf
            && let Some(draws) = days.get_mut(epoch)
        {
            *draws += 1;
        }
    }
    let most = days.values().copied().max().unwrap_or_default().max(1);
    html! {
        figure {
            svg viewBox="0 0 700 150" role="img" aria-label="Draws a day" {
                @for (place, (day, draws)) in (0_u32..).zip(&days) {
                    @let height = draws * 100 / most;
                    @let left = place * 50 + 5;
                    rect x=(left) y=(120 - height) width="40" height=(height) rx="3" {}
                    @if *draws > 0 { text x=(left + 20) y=(114 - height) text-anchor="middle" { (draws) } }
                    text x=(left + 20) y="137" text-anchor="middle" { (date(*day)) }
                }
                line x1="0" y1="120.5" x2="700" y2="120.5" {}
                @if days.values().all(|draws| *draws == 0) { text x="350" y="70" text-anchor="middle" { "No draws yet" } }
            }
            figcaption { "Of the latest " (leaves.len()) " entries of the log; days are UTC, and each is an epoch." }
        }
    }
}

/// `11-23`.
fn date(day: u32) -> String {
    let noon = UNIX_EPOCH + Duration::from_secs(u64::from(day) * 86_400 + 43_200);
    humantime::format_rfc3339_seconds(noon).to_string()[5..10].to_owned()
}

fn latest(leaves: &[(u64, Option<Leaf>)]) -> Markup {
    html! {
        h2 { "Latest entries" }
        table {
            thead { tr { th { "Entry" } th { "Kind" } th { "Epoch" } th { "Label, hashed with its payer" } } }
            tbody {
                @for (position, leaf) in leaves.iter().rev().take(SHOWN) {
                    tr { td { (position) } (row(leaf.as_ref())) }
                }
            }
        }
        p.soft { "An entry shows neither values nor payer. Whoever holds the receipt can find its draw here; who draws five times under one label and shows one is found out by counting." }
    }
}

fn row(leaf: Option<&Leaf>) -> Markup {
    let cells = |kind: &str, epoch: Option<u32>, detail: String| {
        html! { td { (kind) } td { @if let Some(epoch) = epoch { (epoch) } } td.mono { (detail) } }
    };
    let short = |hash: &[u8; 32]| hex_bytes::format(&hash[..12]);
    match leaf {
        Some(Leaf::Draw(draw)) => {
            let kind = if draw.mode == 0 { "draw" } else { "draw by the beacon" };
            cells(kind, Some(draw.epoch), short(&draw.context.ctx))
        }
        Some(Leaf::Key { epoch, public_key, .. }) => {
            cells("key of an epoch", Some(*epoch), format!("key {}", hex_bytes::format(public_key)))
        }
        Some(Leaf::Accept { epoch, context, round, .. }) => {
            cells("accepted", Some(*epoch), format!("{}, waits for round {round}", short(&context.ctx)))
        }
        Some(Leaf::Void { .. }) => cells("given up", None, String::new()),
        None => cells("unreadable", None, String::new()),
    }
}

fn trust() -> Markup {
    html! {
        h2 { "What can and cannot be trusted" }
        table {
            tbody {
                tr { td { "Another outcome for your payment and request" } td { "Impossible to prove: for one key there is one. A wrong value, key, payment or request fails every verifier." } }
                tr { td { "A key made to measure" } td { "One key a day, in the log the day before. A second or late one is found by " code { "rng audit" } "." } }
                tr { td { "Draws that are hidden, or a log with two faces" } td { "Each answer carries a signed promise to be in the log, and the log is append-only: compare checkpoints with other buyers. No independent witness signs them yet." } }
                tr { td { "An operator who knows first, or keeps silent" } td { b { "Not prevented" } " in instant draws: whoever holds the day's key can predict them. Ask again with the same payment, it draws the same. A draw by the beacon depends on a round that nobody knew when it was paid." } }
                tr { td { "An operator who is also the buyer" } td { b { "Not prevented" } ": it can try many payments. Its draws are counted under their label." } }
            }
        }
    }
}

fn how(url: &str) -> Markup {
    html! {
        h2 { "Buy, and verify without us" }
        pre { "buyer draw --url " (url) " --dice 2d6 --save draw.json\nbuyer verify draw.json --offline\ncurl -O " (url) "/verify.py && python3 verify.py draw.json\nrng audit --url " (url) " --receipt draw.json" }
        p { "Or paste the receipt into " a href="/verify" { "a page that talks to nobody" } "." }
    }
}
