//! Ours and the rivals', each as its documentation calls it.

use std::time::{Duration, Instant};

use crate::{
    extract::{Format, Options, extract},
    pages::Page,
};

pub(crate) struct Tool {
    pub(crate) name: &'static str,
    text: fn(&Page) -> String,
}

/// What a tool made of all pages.
pub(crate) struct Run {
    pub(crate) name: &'static str,
    pub(crate) texts: Vec<String>,
    pub(crate) times: Vec<Duration>,
}

pub(crate) const ALL: [Tool; 5] = [
    Tool { name: "ours", text: ours },
    Tool { name: "trafilatura 0.6.0", text: trafilatura },
    Tool { name: "rs-trafilatura 0.2.2", text: rs_trafilatura },
    Tool { name: "libreadability 0.3.0", text: libreadability },
    Tool { name: "dom_smoothie 0.19.0", text: dom_smoothie },
];

/// The fastest of the rounds counts: what else the machine does only adds.
pub(crate) fn run(tool: &Tool, pages: &[Page], rounds: u32) -> Run {
    let mut run = Run { name: tool.name, texts: Vec::new(), times: Vec::new() };
    for page in pages {
        let mut best = (Duration::MAX, String::new());
        for _ in 0..rounds.max(1) {
            let started = Instant::now();
            let text = (tool.text)(page);
            best = (best.0.min(started.elapsed()), text);
        }
        run.times.push(best.0);
        run.texts.push(best.1);
    }
    run
}

fn ours(page: &Page) -> String {
    let found = extract(&page.html, page.url.parse().ok().as_ref(), &Options::formats(&[Format::Text]));
    found.ok().and_then(|found| found.text).unwrap_or_default()
}

fn trafilatura(page: &Page) -> String {
    let options = trafilatura::Options::default().with_fallback(true);
    trafilatura::extract(&page.html, &options).map(|found| found.content_text).unwrap_or_default()
}

fn rs_trafilatura(page: &Page) -> String {
    let options = rs_trafilatura::Options { url: Some(page.url.clone()), ..Default::default() };
    rs_trafilatura::extract_with_options(&page.html, &options)
        .map(|found| found.content_text)
        .unwrap_or_default()
}

fn libreadability(page: &Page) -> String {
    libreadability::extract(&page.html, Some(&page.url)).map(|found| found.text_content).unwrap_or_default()
}

fn dom_smoothie(page: &Page) -> String {
    let config = dom_smoothie::Config { text_mode: dom_smoothie::TextMode::Formatted, ..Default::default() };
    let reader = dom_smoothie::Readability::new(page.html.as_str(), Some(&page.url), Some(config));
    reader
        .and_then(|mut reader| reader.parse())
        .map(|found| found.text_content.to_string())
        .unwrap_or_default()
}
