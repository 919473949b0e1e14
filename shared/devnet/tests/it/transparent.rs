//! A proxy that is told to do nothing cannot be noticed.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use devnet::{FaultProxy, Faults};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};

use crate::line::{Line, call};

/// What a client sees, but for the time of day.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: BTreeMap<String, Vec<Vec<u8>>>,
    body: Vec<u8>,
}

async fn see(request: reqwest::RequestBuilder) -> Seen {
    let response = request.send().await.unwrap();
    let mut headers = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in response.headers().iter().filter(|(name, _)| *name != "date") {
        headers.entry(name.to_string()).or_default().push(value.as_bytes().to_vec());
    }
    Seen { status: response.status().as_u16(), headers, body: response.bytes().await.unwrap().to_vec() }
}

#[tokio::test]
async fn a_node_answers_the_same_with_and_without_the_proxy() {
    let line = Line::with("").await;
    let block = json!(["0x1", true]);
    let batch = json!([call(1, "eth_chainId", json!([])), call(2, "eth_getBlockByNumber", block.clone())]);
    let bodies = [
        call(7, "eth_getBlockByNumber", block).to_string(),
        batch.to_string(),
        call(8, "no_such_method", json!([])).to_string(),
        "[]".to_owned(),
        "{".to_owned(),
        String::new(),
    ];
    for body in bodies {
        let ask = |url: &str| {
            see(line.client.post(url).header("content-type", "application/json").body(body.clone()))
        };
        assert_eq!(ask(&line.proxy.url()).await, ask(line.chain.rpc_url()).await, "{body}");
    }
    for path in ["/", "/no/such/path?at=all"] {
        let ask = |url: &str| see(line.client.get(format!("{url}{path}")));
        assert_eq!(ask(&line.proxy.url()).await, ask(line.chain.rpc_url()).await, "{path}");
    }
    let counts = line.proxy.counts();
    assert_eq!((counts.requests, counts.forwarded, counts.faults.len()), (8, 8, 0));
}

/// Tells what arrived.
async fn echo(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let headers: BTreeMap<_, _> =
        parts.headers.iter().map(|(k, v)| (k.as_str(), v.to_str().unwrap())).collect();
    let arrived = json!({
        "method": parts.method.as_str(), "uri": parts.uri.to_string(), "headers": headers, "bytes": body.to_vec(),
    });
    let mut answer = HeaderMap::new();
    answer.append("set-cookie", "a=1".parse().unwrap());
    answer.append("set-cookie", "b=2".parse().unwrap());
    answer.insert("payment-response", "e30=".parse().unwrap());
    (StatusCode::PAYMENT_REQUIRED, answer, arrived.to_string()).into_response()
}

async fn server() -> String {
    let router = Router::new()
        .route("/base/echo", any(echo))
        .route("/base/away", get(|| async { (StatusCode::FOUND, [("location", "/elsewhere")]) }))
        .route("/base/bytes", get(|| async { Bytes::from_static(b"\xff\x00") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/base", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn a_server_and_its_client_see_each_other_as_they_are() {
    let target = server().await;
    for base in [target.clone(), format!("{target}/")] {
        let proxy = FaultProxy::start(&base, Faults::default()).unwrap();
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        for method in ["PUT", "GET", "DELETE", "HEAD"] {
            let ask = |url: &str| {
                let url = format!("{url}/echo?a=%2F&b");
                let request = client.request(method.parse().unwrap(), url);
                see(request.header("x-twice", "1").header("authorization", "Bearer x").body(vec![0, 255]))
            };
            let (mut direct, mut proxied) = (ask(&target).await, ask(&proxy.url()).await);
            if method == "PUT" {
                // The address is the one thing that differs.
                for seen in [&mut direct, &mut proxied] {
                    let mut arrived: Value = serde_json::from_slice(&seen.body).unwrap();
                    assert_eq!(
                        (&arrived["bytes"], &arrived["headers"]["x-twice"]),
                        (&json!([0, 255]), &json!("1"))
                    );
                    arrived["headers"]["host"].take();
                    seen.body = arrived.to_string().into();
                    assert_eq!(seen.headers["set-cookie"].len(), 2);
                }
            }
            assert_eq!(proxied, direct, "{method}");
        }
        for path in ["/away", "/bytes", "/nothing"] {
            let ask = |url: &str| see(client.get(format!("{url}{path}")));
            assert_eq!(ask(&proxy.url()).await, ask(&target).await, "{path}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_does_not_answer_through_the_proxy_either() {
    let line = Line::with("").await;
    let Line { chain, proxy, client } = line;
    chain.stop().await.unwrap();
    let error = client.post(proxy.url()).json(&call(1, "eth_chainId", json!([]))).send().await.unwrap_err();
    assert!(error.is_request() && !error.is_connect() && !error.is_timeout(), "{error:?}");
}
