use crate::{
    answers, offline,
    support::{Program, refusal},
};

async fn public_url(program: Program) -> String {
    let running = program.start();
    let openapi: serde_json::Value = running.get("/openapi.json").await.json().await.expect("JSON");
    openapi["servers"][0]["url"].as_str().expect("a URL").to_owned()
}

fn with_file(program: Program, text: &str) -> Program {
    let file = program.file("answers.toml", text);
    program.env("ANSWERS_CONFIG", &file)
}

#[tokio::test]
async fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let file = || with_file(offline(), "public-url = 'https://file.example'");
    assert_eq!(public_url(file()).await, "https://file.example");

    let environment = || file().env("ANSWERS_PUBLIC_URL", "https://environment.example");
    assert_eq!(public_url(environment()).await, "https://environment.example");

    let flag = environment().arg("--public-url").arg("https://flag.example");
    assert_eq!(public_url(flag).await, "https://flag.example");
}

#[tokio::test]
async fn a_file_may_hold_every_kind_of_key() {
    let program = answers();
    let keys = [program.file("a.key", crate::support::SIGNER), program.file("b.key", &"1".repeat(64))];
    let text = format!(
        "network = 'devnet'\nrpc-url = '{}'\npay-to = '{}'\nsigner-key-file = {keys:?}\nanswer = 7\n\
         listen = '127.0.0.1:0'\nadmin-listen = '127.0.0.1:0'\nlog-format = 'json'\nshutdown-grace = 5\n",
        crate::support::NOWHERE,
        crate::support::PAY_TO
    );
    let running = with_file(program, &text).start();
    assert_eq!(running.get("/docs").await.status(), 200);
    for address in
        ["0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65", "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"]
    {
        running.log.wait_for(|line| line["signer"] == address);
    }
}

#[tokio::test]
async fn the_default_public_url_is_where_it_listens() {
    let running = offline().start();
    let openapi: serde_json::Value = running.get("/openapi.json").await.json().await.expect("JSON");
    assert_eq!(openapi["servers"][0]["url"], running.public);
}

#[test]
fn an_unknown_key_in_the_file_is_refused_by_name() {
    let (status, error) = refusal(&with_file(offline(), "lisen = '127.0.0.1:1'").run());
    assert_eq!(status, 64);
    assert!(error.contains("answers.toml: unknown key `lisen`"), "{error}");
    assert!(error.contains("the keys are answer, home, pay-to,"), "{error}");
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_the_line() {
    let (status, error) = refusal(&with_file(offline(), "answer = 1\nanswer 2\n").run());
    assert_eq!(status, 64);
    assert!(error.contains("answers.toml: line 2"), "{error}");
}

#[test]
fn missing_keys_are_named_with_their_flags_and_variables() {
    let (status, error) = refusal(&answers().run());
    assert_eq!(status, 64);
    assert!(error.starts_with("error: missing: pay-to, network, rpc-url\n"), "{error}");
    assert!(error.contains("--rpc-url or X402_RPC_URL"), "{error}");
}

#[test]
fn a_value_that_cannot_be_read_is_refused_wherever_it_came_from() {
    for program in [
        offline().arg("--answer=many"),
        offline().env("ANSWERS_ANSWER", "many"),
        with_file(offline(), "answer = 'many'"),
    ] {
        let (status, error) = refusal(&program.run());
        assert_eq!(status, 64);
        assert!(error.contains("invalid value 'many' for '--answer <ANSWER>'"), "{error}");
        assert!(error.contains("--answer or ANSWERS_ANSWER"), "{error}");
    }
}

#[test]
fn a_flag_with_a_typing_error_is_refused_with_the_one_that_was_meant() {
    let (status, error) = refusal(&offline().arg("--public-ulr=https://a.example").run());
    assert_eq!(status, 64);
    assert!(error.contains("--public-url"), "{error}");
}

#[test]
fn a_public_url_is_an_origin() {
    for url in ["https://a.example/path", "ftp://a.example", "a.example"] {
        let (status, error) = refusal(&offline().arg("--public-url").arg(url).run());
        assert_eq!(status, 64, "{url}");
        assert!(error.contains("--public-url"), "{error}");
    }
}

#[test]
fn help_and_version_are_data() {
    for (flag, expected) in [("--help", "[env: ANSWERS_ANSWER=]"), ("--version", "answers 0.")] {
        let output = answers().arg(flag).run();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_port_that_is_taken_is_no_error_of_configuration() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let (status, error) = refusal(&offline().arg("--listen").arg(&address).run());
    assert_eq!(status, 1);
    assert!(error.contains(&format!("binding the public listener to {address}: Address")), "{error}");
}

#[test]
fn a_worker_runs_without_configuration_and_is_not_in_the_help() {
    let output = answers().arg("double").arg("21").run();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"42\n"[..]));
    let help = answers().arg("--help").run();
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.contains("keygen") && !help.contains("double"), "{help}");
}
