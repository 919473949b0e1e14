use maud::{Markup, html};

use crate::{
    audit::Class,
    output::units::{rate, time},
    result::{ChannelSummary, RunResult, Summary},
    sample::Measure,
};

pub(super) fn verdict(result: &RunResult) -> Markup {
    let failures: Vec<&String> = result.verdict.leaks.iter().chain(&result.verdict.thresholds).collect();
    html! {
        div class=(if result.verdict.passed { "verdict good" } else { "verdict bad" }) {
            @if result.verdict.passed { "Passed" } @else { "Failed" }
            @if result.verdict.passed && result.money.is_some() { ": every payment is where it belongs" }
            @if !failures.is_empty() { ul { @for failure in failures { li { (failure) } } } }
        }
        @for reason in &result.generator.bottleneck {
            p class="bad" { "The generator was a bottleneck: " (reason) }
        }
    }
}

pub(super) fn headline(result: &RunResult) -> Markup {
    let load = &result.load;
    let total = result.measures.get(Measure::Total.name()).copied().unwrap_or_default();
    html! {
        p { (load.plan) ", " (result.provenance.network) }
        div class="cards" {
            (card(&rate(load.served_per_s), "served"))
            (card(&format!("{} of {}", load.served, load.intended), "calls served"))
            (card(&(load.intended - load.started).to_string(), "did not start"))
            (card(&time(total.p50_s), "total, p50"))
            (card(&time(total.p99_s), "total, p99"))
            @if let Some(money) = &result.money { (card(&money.debits.to_string(), "left the buyers")) }
        }
    }
}

fn card(figure: &str, label: &str) -> Markup {
    html! { div class="card" { b { (figure) } span { (label) } } }
}

pub(super) fn measures(result: &RunResult) -> Markup {
    let rows =
        Measure::ALL.into_iter().filter_map(|measure| Some((measure, result.measures.get(measure.name())?)));
    html! {
        div class="scroll" { table {
            tr { th { "" } @for name in ["calls", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"] { th { (name) } } }
            @for (measure, summary) in rows { tr { td { (measure.name()) } (figures(summary)) } }
        } }
        p {
            "The parts from wait to rest add up to " (time(result.additivity.parts_s)) " a call; the total is "
            (time(result.additivity.total_s)) ". Total counts from the intended start, service from the real one."
        }
    }
}

fn figures(summary: &Summary) -> Markup {
    let Summary { count, mean_s, p50_s, p90_s, p95_s, p99_s, p999_s, max_s, .. } = *summary;
    html! {
        td { (count) }
        @for figure in [mean_s, p50_s, p90_s, p95_s, p99_s, p999_s, max_s] { td { (time(figure)) } }
    }
}

pub(super) fn money(result: &RunResult) -> Markup {
    let Some(money) = &result.money else { return html! {} };
    html! {
        section {
            h2 { "The money" }
            p { "From the token's logs in blocks " (money.blocks[0]) " to " (money.blocks[1]) ", the buyers' balances, and the sellers' ledgers." }
            div class="scroll" { table {
                @for class in Class::ALL {
                    @let count = money.classes.get(class.name()).copied().unwrap_or_default();
                    @let bad = count > 0 && Class::LEAKS.contains(&class);
                    tr class=(if bad { "bad" } else { "" }) { td { (class.name()) } td { (count) } td class="text" { (class.meaning()) } }
                }
            } }
            div class="scroll" { table {
                tr { td { "signed for" } td { (money.signed) } }
                tr { td { "left the buyers, by the logs" } td { (money.debits) } }
                tr { td { "came back to them, by the logs" } td { (money.returns) } }
                tr { td { "gone from the buyers, by their balances" } td { (money.balances) } }
                @for (payee, amount) in &money.credits { tr { td { "reached " (payee) } td { (amount) } } }
                tr { td { "settled, by the answers" } td { (money.claimed) } }
                tr { td { "settled, by the sellers' ledgers" } td { (money.ledger.map_or("not shown".to_owned(), |ledger| ledger.to_string())) } }
                @if money.unproven > 0 { tr class="bad" { td { "statuses that are not signed by who may" } td { (money.unproven) } } }
            } }
            @if let Some(channels) = &money.channels { (books(channels)) }
            @if let Some(cost) = &result.cost {
                p {
                    (cost.payments) " payments in " (cost.transactions) " transactions"
                    @if money.channels.is_some() { ", deposits, claims and refunds of channels among them" }
                    ": "
                    (format!("{:.0}", cost.gas_per_payment)) " gas each"
                    @if let Some(usd) = cost.usd_per_payment { ", $" (format!("{usd:.6}")) }
                    @if let Some(share) = cost.share_of_price { ", " (format!("{:.1}%", share * 100.0)) " of the price" }
                    "."
                }
            }
        }
    }
}

fn books(channels: &ChannelSummary) -> Markup {
    html! {
        p { (channels.calls) " calls from " (channels.channels) " channels; the contract's logs beside the answers:" }
        div class="scroll" { table {
            tr { td { "charged, by the answers" } td { (channels.charged) } }
            tr { td { "claimed by the sellers" } td { (channels.claims) } }
            tr { td { "put in" } td { (channels.deposits) } }
            tr { td { "given back by the sellers" } td { (channels.refunds) } }
            tr { td { "taken back by the buyers" } td { (channels.withdrawals) } }
            tr { td { "still in the channels" } td { (channels.left) } }
            tr { td { "paid out to the sellers, by the token's logs" } td { (channels.paid_out) } }
            tr { td { "claimed and still owed to them" } td { (channels.owed) } }
        } }
    }
}

pub(super) fn targets(result: &RunResult) -> Markup {
    html! {
        section {
            h2 { "Targets" }
            div class="scroll" { table {
                tr { th { "" } @for name in ["price", "started", "served", "p50", "p90", "p99", "max"] { th { (name) } } }
                @for target in &result.targets {
                    tr {
                        td class="text" { (target.name) }
                        td { (target.price.map_or("free".to_owned(), |price| price.to_string())) }
                        td { (target.started) } td { (target.served) }
                        @let total = target.total;
                        @for figure in [total.p50_s, total.p90_s, total.p99_s, total.max_s] { td { (time(figure)) } }
                    }
                }
            } }
        }
    }
}

pub(super) fn unserved(result: &RunResult) -> Markup {
    html! {
        @if !result.unserved.is_empty() {
            section {
                h2 { "Not served" }
                div class="scroll" { table {
                    @for (reason, count) in &result.unserved { tr { td class="text" { (reason) } td { (count) } } }
                } }
            }
        }
    }
}

pub(super) fn provenance(result: &RunResult) -> Markup {
    let provenance = &result.provenance;
    html! {
        section {
            h2 { "Provenance" }
            div class="scroll" { table {
                tr { td { "began" } td class="text" { (provenance.started_at) } }
                tr { td { "network" } td class="text" { (provenance.network) } }
                tr { td { "program" } td class="text" { "loadtest " (provenance.version) @if let Some(commit) = &provenance.commit { ", commit " (commit) } } }
                tr { td { "plan, SHA-256" } td class="text" { code { (provenance.plan_hash) } } }
                @for host in &provenance.hosts {
                    tr { td { "machine" } td class="text" {
                        (host.system) ", " (host.processors) " processors, load " (host.load[0]) " before and " (host.load[1]) " after"
                    } }
                }
                @if let Some(busy) = result.generator.processors_busy {
                    tr { td { "generator" } td class="text" { "kept " (format!("{busy:.2}")) " processors busy" } }
                }
            } }
        }
    }
}
