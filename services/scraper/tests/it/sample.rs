use crate::{scraper, support::SIGNER};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scraper.example.toml");

#[tokio::test]
async fn the_sample_configuration_serves() {
    let program = scraper().arg("--config").arg(SAMPLE);
    program.file("data/signer.key", SIGNER);
    // The ports and the form of the log are the test's own: other copies run beside this one.
    let program = program.env("SCRAPER_LISTEN", "127.0.0.1:0").env("SCRAPER_ADMIN_LISTEN", "127.0.0.1:0");
    let running = program.env("LOG_FORMAT", "json").start();
    let quote = running.get("/openapi.json").await.text().await.expect("text");
    for path in ["/v1/scrape", "/v1/scrape/batch", "/v1/scrape/quote"] {
        assert!(quote.contains(&format!("{path:?}")), "the documents lack {path}");
    }
    assert!(running.get("/bot").await.text().await.expect("text").contains("Disallow: /"));
}

#[test]
fn the_sample_shows_every_key() {
    let sample = std::fs::read_to_string(SAMPLE).expect("the sample");
    let help = scraper().arg("--help").run();
    let help = String::from_utf8(help.stdout).expect("text");
    let keys = help.lines().filter_map(|line| line.trim().strip_prefix("--")?.split(' ').next());
    let keys: Vec<_> = keys.filter(|key| !matches!(*key, "config") && !key.contains("keystore")).collect();
    assert!(keys.contains(&"allow-origins"), "{keys:?}");
    for key in keys {
        let shown =
            sample.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = ")));
        assert!(shown, "the sample lacks {key}");
    }
}
