//! The `buyer` program: what it prints and how it ends.

use std::{fs, process::Output};

use serde_json::{Value, json};

use crate::support::{BuyerProcess, Seller, draw_seller, offer, settled};

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

async fn seller() -> Seller {
    Seller::selling(offer(), |_| std::future::ready(settled("sold"))).await
}

#[tokio::test]
async fn pay_prints_the_answer_on_stdout_and_the_purchase_on_stderr() {
    let (seller, buyer) = (seller().await, BuyerProcess::new().await);
    let paid = buyer.run(&["pay", &seller.url]).await;
    assert_eq!((paid.status.code(), stdout(&paid)), (Some(0), "sold"));
    for word in ["$0.001", "transaction", "phases"] {
        assert!(stderr(&paid).contains(word), "{}", stderr(&paid));
    }
    let history = json_of(&buyer.run(&["history", "--json"]).await);
    assert_eq!((&history[0]["state"], &history[0]["amount"]), (&json!("paid"), &json!("1000")));
    let listed = buyer.run(&["history"]).await;
    assert!(stdout(&listed).contains("paid"), "{}", stdout(&listed));
}

#[tokio::test]
async fn pay_as_json_is_one_object() {
    let (seller, buyer) = (seller().await, BuyerProcess::new().await);
    let paid = json_of(&buyer.run(&["pay", "--json", "--max", "0.001", &seller.url]).await);
    assert_eq!((&paid["status"], &paid["body"]["utf8"]), (&json!(200), &json!("sold")));
    assert_eq!((&paid["purchase"]["amount"], &paid["purchase"]["attempts"]), (&json!("1000"), &json!(1)));
    assert!(paid["purchase"]["phasesMs"]["total"].is_number());
}

#[tokio::test]
async fn pay_sends_method_headers_and_data_as_told() {
    let (seller, buyer) = (seller().await, BuyerProcess::new().await);
    let file = buyer.folder().join("body.txt");
    fs::write(&file, "plain").unwrap();
    let data = format!("@{}", file.display());
    let flags =
        ["pay", "-X", "put", "-H", "Content-Type: text/plain", "-H", "X-One: 1", "-d", &data, &seller.url];
    assert!(buyer.run(&flags).await.status.success());
    for call in seller.calls() {
        assert_eq!((call.method.as_str(), call.body.as_ref()), ("PUT", b"plain".as_slice()));
        assert_eq!(
            (call.header("content-type"), call.header("accept"), call.header("x-one")),
            ("text/plain", "*/*", "1")
        );
    }
    assert_eq!(seller.calls().len(), 2);
}

#[tokio::test]
async fn a_draw_is_printed_checked_saved_and_verified() {
    let (seller, buyer) = (draw_seller().await, BuyerProcess::new().await);
    let file = buyer.folder().join("receipt.json");
    let path = file.to_str().unwrap();
    let drawn = buyer.run(&["draw", "--url", &seller.url, "--dice", "3d6", "--save", path]).await;
    assert_eq!(drawn.status.code(), Some(0), "{}", stderr(&drawn));
    let faces: Vec<u32> = stdout(&drawn).split_whitespace().map(|face| face.parse().unwrap()).collect();
    assert!(faces.len() == 3 && faces.iter().all(|face| (1..=6).contains(face)), "{faces:?}");
    assert!(stderr(&drawn).contains("verified"), "{}", stderr(&drawn));
    assert_eq!(seller.calls()[0].target, "/v1/random");

    let holds = buyer.run(&["verify", path, "--offline"]).await;
    assert_eq!(holds.status.code(), Some(0), "{}", stdout(&holds));
    let mut receipt: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(receipt["draw"]["request"]["epoch"], json!("20000"), "asked for in the epoch of the offer");
    receipt["offer"]["requirements"]["amount"] = json!("500000");
    fs::write(&file, receipt.to_string()).unwrap();
    let tampered = buyer.run(&["verify", path, "--offline", "--json"]).await;
    assert_eq!(tampered.status.code(), Some(65));
    assert_eq!(json_of(&tampered)["verified"], json!(false));
}

#[tokio::test]
async fn every_kind_of_draw_can_be_bought() {
    let (seller, buyer) = (draw_seller().await, BuyerProcess::new().await);
    let kinds: [&[&str]; 9] = [
        &[],
        &["--bytes", "8"],
        &["--range", "1..100", "--count", "3"],
        &["--shuffle", "5"],
        &["--sample", "6/49"],
        &["--weights", "1,2,3", "--count", "2"],
        &["--uuids", "2"],
        &["--floats", "2"],
        &["--dice", "d20", "--label", "initiative", "--client-seed", "mine"],
    ];
    for kind in kinds {
        let drawn = json_of(&buyer.run(&[&["draw", "--json", "--url", &seller.url], kind].concat()).await);
        assert_eq!(drawn["report"]["verified"], json!(true), "{kind:?}: {drawn:#}");
    }
    let both = buyer.run(&["draw", "--url", &seller.url, "--dice", "d6", "--floats", "1"]).await;
    assert_eq!(both.status.code(), Some(64));
}

#[tokio::test]
async fn a_seller_of_something_else_is_no_source_of_draws() {
    let (seller, buyer) = (seller().await, BuyerProcess::new().await);
    let drawn = buyer.run(&["draw", "--url", &seller.url]).await;
    assert_eq!(drawn.status.code(), Some(65));
}

#[tokio::test]
async fn exit_codes_say_what_went_wrong() {
    let (seller, buyer) = (seller().await, BuyerProcess::new().await);
    let code = async |arguments: &[&str]| buyer.run(arguments).await.status.code().unwrap();
    assert_eq!(code(&["--help"]).await, 0);
    assert_eq!(code(&["pay"]).await, 64, "no URL");
    assert_eq!(code(&["pay", "not a url"]).await, 64);
    assert_eq!(code(&["pay", "-H", "PAYMENT-SIGNATURE: x", &seller.url]).await, 64);
    assert_eq!(code(&["pay", "--budget", "nobody", &seller.url]).await, 64);
    assert_eq!(code(&["pay", "http://127.0.0.1:1/"]).await, 69, "nobody listens");
    assert_eq!(code(&["pay", "--network", "base", &seller.url]).await, 76, "not on this network");
    assert_eq!(code(&["pay", "--max", "0.0009", &seller.url]).await, 77);
    assert_eq!(code(&["verify", "/nonexistent"]).await, 64);
    assert_eq!(code(&["resume", &format!("0x{}", "0".repeat(64))]).await, 64);
    assert!(seller.payments().is_empty());
    let poor = BuyerProcess::without_wallet();
    let output = poor.run(&["pay", &seller.url]).await;
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("buyer wallet new"), "{}", stderr(&output));
}

#[tokio::test]
async fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let buyer = BuyerProcess::new().await;
    let file = buyer.folder().join("settings.toml");
    fs::write(
        &file,
        "network = \"base\"\n[payees]\n\"example.com\" = \"0x0000000000000000000000000000000000000001\"\n",
    )
    .unwrap();
    let network = async |environment: Option<&str>, flag: Option<&str>| {
        let mut arguments = vec!["wallet", "show", "--json"];
        arguments.extend(flag.into_iter().flat_map(|flag| ["--network", flag]));
        let mut command = buyer.command(&arguments);
        command.env("BUYER_CONFIG", &file).envs(environment.map(|network| ("BUYER_NETWORK", network)));
        json_of(&command.output().await.unwrap())["network"].as_str().unwrap().to_owned()
    };
    assert_eq!(network(None, None).await, "eip155:8453");
    assert_eq!(network(Some("devnet"), None).await, "eip155:84532");
    assert_eq!(network(Some("devnet"), Some("base")).await, "eip155:8453");
    fs::write(&file, "netwrok = \"base\"").unwrap();
    let output = buyer.command(&["history"]).env("BUYER_CONFIG", &file).output().await.unwrap();
    assert_eq!(output.status.code(), Some(64), "a misspelt setting is not ignored");
}

#[tokio::test]
async fn an_encrypted_wallet_pays_with_its_password_file() {
    let (seller, buyer) = (seller().await, BuyerProcess::without_wallet());
    let password = buyer.folder().join("password");
    fs::write(&password, "correct horse\n").unwrap();
    let run = async |arguments: &[&str]| {
        buyer.command(arguments).env("BUYER_KEYSTORE_PASSWORD_FILE", &password).output().await.unwrap()
    };
    let open = run(&["wallet", "new", "--encrypted"]).await;
    assert_eq!(open.status.code(), Some(64), "a password that others can read is refused");
    fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let made = run(&["wallet", "new", "--encrypted"]).await;
    let address = stdout(&made).trim().to_owned();
    let paid = run(&["pay", &seller.url]).await;
    assert_eq!(paid.status.code(), Some(0), "{}", stderr(&paid));
    let payer = seller.calls().pop().unwrap().payment().exact().unwrap().authorization.from;
    assert_eq!(payer.to_string(), address);
}

#[tokio::test]
async fn budgets_are_listed_with_what_is_spent() {
    let (seller, buyer) = (seller().await, BuyerProcess::new().await);
    assert!(buyer.run(&["budget", "set", "research", "--per-day", "$10"]).await.status.success());
    assert!(buyer.run(&["budget", "set", "research", "--per-call", "0.5"]).await.status.success());
    assert!(buyer.run(&["pay", "--budget", "research", &seller.url]).await.status.success());
    let listed = json_of(&buyer.run(&["budget", "list", "--json"]).await);
    let research = listed.as_array().unwrap().iter().find(|budget| budget["name"] == "research").unwrap();
    assert_eq!((&research["perDay"], &research["perCall"]), (&json!("10000000"), &json!("500000")));
    assert_eq!(research["spent"], json!("1000"));
}

#[tokio::test]
async fn a_sellers_words_do_not_steer_the_terminal() {
    let hostile = || (axum::http::StatusCode::BAD_REQUEST, "\x1b[2J\x1b]0;owned\x07");
    let seller = Seller::selling(offer(), move |_| {
        std::future::ready(axum::response::IntoResponse::into_response(hostile()))
    })
    .await;
    let buyer = BuyerProcess::new().await;
    let output = buyer.run(&["pay", &seller.url]).await;
    assert_eq!(output.status.code(), Some(69));
    assert!(stderr(&output).contains("owned") && !stderr(&output).contains('\x1b'), "{:?}", stderr(&output));
}

#[tokio::test]
async fn a_payee_names_the_key_that_signs_its_receipts() {
    let buyer = BuyerProcess::new().await;
    let shown = json_of(&buyer.run(&["wallet", "show", "--json"]).await);
    let payee: x402::Address = shown["address"].as_str().unwrap().parse().unwrap();
    let key = x402::Address::repeat_byte(0x5e);
    let address = key.to_string();
    let flags = ["delegate", "--receipt-key", &address, "--origin", "https://seller.example"];
    let printed = buyer.run(&flags).await;
    let signed: x402::Signed<x402::ReceiptKey> = serde_json::from_value(json_of(&printed)).unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let named = |at| signed.key_for(x402::Network::BaseSepolia, payee, "https://seller.example", at);
    assert_eq!(named(now), Ok(key));
    assert!(named(now + 366 * 24 * 3600).is_err(), "for a year");

    let file = buyer.folder().join("receipt.json");
    let saved =
        buyer.run(&[&flags[..], &["--days", "1", "--save", &file.display().to_string()]].concat()).await;
    assert!(saved.status.success() && saved.stdout.is_empty(), "{}", stderr(&saved));
    let saved: x402::Signed<x402::ReceiptKey> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    assert_eq!(saved.payload.not_after - saved.payload.not_before, 24 * 3600);

    let path = buyer.run(&["delegate", "--receipt-key", &address, "--origin", "https://a.example/b"]).await;
    assert!(stderr(&path).contains("an origin is"), "{}", stderr(&path));
}
