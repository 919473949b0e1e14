use crate::{persona, support::SIGNER};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/persona.example.toml");

#[tokio::test]
async fn the_sample_configuration_serves() {
    let program = persona().arg("--config").arg(SAMPLE);
    program.file("data/signer.key", SIGNER);
    // The ports and the form of the log are the test's own: other copies run beside this one.
    let program = program.env("PERSONA_LISTEN", "127.0.0.1:0").env("PERSONA_ADMIN_LISTEN", "127.0.0.1:0");
    let running = program.env("LOG_FORMAT", "json").start();
    assert_eq!(running.get("/v1/panel").await.status(), 200);
    assert!(running.folder.path().join("data/persona.db").exists());
}

/// What is left out of the sample is left out with its line commented, so that the sample shows every key.
#[test]
fn the_sample_shows_every_key() {
    let sample = std::fs::read_to_string(SAMPLE).expect("the sample");
    let help = persona().arg("--help").run();
    let help = String::from_utf8(help.stdout).expect("text");
    let keys = help.lines().filter_map(|line| line.trim().strip_prefix("--")?.split(' ').next());
    let keys: Vec<_> = keys.filter(|key| !matches!(*key, "config") && !key.contains("keystore")).collect();
    assert!(keys.contains(&"llm-url"), "{keys:?}");
    for key in keys {
        let shown =
            sample.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = ")));
        assert!(shown, "the sample lacks {key}");
    }
}
