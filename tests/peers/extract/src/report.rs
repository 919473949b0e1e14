//! The tables.

use std::{collections::BTreeMap, fs};

use crate::{
    extract::{Answer, Limits, Verdict, judge},
    pages::Page,
    score::{Score, f1},
    tools::Run,
};

const KINDS: [&str; 7] = ["article", "documentation", "service", "forum", "collection", "listing", "product"];

pub(crate) fn print(pages: &[Page], runs: &[Run]) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    println!("{} pages, one core, load {load}\n", pages.len());
    println!(
        "| | word F1 | not articles | {} | with | without | ms a page | slowest | pages/s |",
        KINDS.join(" | ")
    );
    println!("|---|{}", "--:|".repeat(KINDS.len() + 7));
    for run in runs {
        print_run(pages, run);
    }
}

/// All of these pages are content, so whatever else the classifier says of one is an error, or a page without its text.
pub(crate) fn print_verdicts(pages: &[Page]) {
    let headers = http::HeaderMap::new();
    let mut refused = Vec::new();
    for page in pages {
        let Ok(url) = page.url.parse() else { continue };
        let answer = Answer { status: http::StatusCode::OK, headers: &headers, url: &url, body: &page.html };
        match judge(&answer, &Limits::default()) {
            Ok(judged) if judged.verdict == Verdict::Content => {}
            Ok(judged) => refused.push(format!("{} {:?}: {:?}", page.id, judged.verdict, judged.evidence)),
            Err(error) => refused.push(format!("{} {error}", page.id)),
        }
    }
    println!(
        "\nJudged as content: {} of {}. {}",
        pages.len() - refused.len(),
        pages.len(),
        refused.join("; ")
    );
}

fn print_run(pages: &[Page], run: &Run) {
    let (mut all, mut hard) = (Score::default(), Score::default());
    let mut kinds: BTreeMap<&str, Score> = BTreeMap::new();
    for (page, text) in pages.iter().zip(&run.texts) {
        all.add(page, text);
        kinds.entry(&page.kind).or_default().add(page, text);
        if page.kind != "article" {
            hard.add(page, text);
        }
    }
    let by_kind: String = KINDS
        .iter()
        .map(|kind| kinds.get(kind).map_or(" – |".to_owned(), |score| format!(" {:.3} |", score.f1())))
        .collect();
    let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    let total: f64 = run.times.iter().copied().map(milliseconds).sum();
    let mean = total / f64::from(u32::try_from(run.times.len()).unwrap_or(u32::MAX));
    let slowest = run.times.iter().copied().map(milliseconds).fold(0.0, f64::max);
    println!(
        "| {} | {:.3} | {:.3} |{by_kind} {:.3} | {:.3} | {mean:.1} | {slowest:.1} | {:.0} |",
        run.name,
        all.f1(),
        hard.f1(),
        all.with(),
        all.without(),
        1e3 / mean
    );
}

pub(crate) fn print_each(pages: &[Page], run: &Run) {
    let mut rows: Vec<(f64, &Page)> =
        pages.iter().zip(&run.texts).map(|(page, text)| (f1(text, &page.content), page)).collect();
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    println!("\n| word F1 | type | page |\n|--:|---|---|");
    for (f1, page) in rows {
        println!("| {f1:.3} | {} | {} {} |", page.kind, page.id, page.url);
    }
}
