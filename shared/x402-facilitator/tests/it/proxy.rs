//! An RPC in front of the chain that misbehaves on demand.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// What happens to one request.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// It reaches the chain, and the answer comes back.
    Pass,
    /// It reaches the chain, and the answer is lost.
    Lose,
    /// The chain answers as of this block instead of the newest.
    AsOf(u64),
    /// It does not reach the chain: a server error.
    Fail,
    /// It does not reach the chain: a JSON-RPC error.
    Error(i64, &'static str),
    /// It does not reach the chain: a JSON-RPC error, once it is told.
    Refuse(Arc<Notify>, i64, &'static str),
    /// It reaches the chain, and a JSON-RPC error comes back.
    Deny(i64, &'static str),
    /// It does not reach the chain: this result.
    Answer(Value),
}

type Rule = Box<dyn FnMut(&str) -> Action + Send>;

#[derive(Clone)]
struct Proxy {
    upstream: Arc<str>,
    client: reqwest::Client,
    rule: Arc<Mutex<Rule>>,
}

/// Serves until the runtime ends. The rule sees each method name.
pub(crate) async fn start(upstream: &str, rule: impl FnMut(&str) -> Action + Send + 'static) -> String {
    let rule: Rule = Box::new(rule);
    let proxy =
        Proxy { upstream: upstream.into(), client: reqwest::Client::new(), rule: Arc::new(Mutex::new(rule)) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let router = Router::new().route("/", post(handle)).with_state(proxy);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn handle(State(proxy): State<Proxy>, Json(mut request): Json<Value>) -> Response {
    let method = request["method"].as_str().unwrap_or_default();
    let action = (proxy.rule.lock().expect("not poisoned"))(method);
    let id = request["id"].clone();
    match action {
        Action::Pass => Json(proxy.forward(&request).await).into_response(),
        Action::AsOf(block) => {
            request["params"][1] = format!("{block:#x}").into();
            Json(proxy.forward(&request).await).into_response()
        }
        Action::Lose => {
            proxy.forward(&request).await;
            StatusCode::BAD_GATEWAY.into_response()
        }
        Action::Fail => StatusCode::BAD_GATEWAY.into_response(),
        Action::Error(code, message) | Action::Deny(code, message) | Action::Refuse(_, code, message) => {
            match action {
                Action::Deny(..) => drop(proxy.forward(&request).await),
                Action::Refuse(told, ..) => told.notified().await,
                _ => {}
            }
            let error = json!({ "code": code, "message": message });
            Json(json!({ "jsonrpc": "2.0", "id": id, "error": error })).into_response()
        }
        Action::Answer(result) => {
            Json(json!({ "jsonrpc": "2.0", "id": id, "result": result })).into_response()
        }
    }
}

impl Proxy {
    async fn forward(&self, request: &Value) -> Value {
        let sent = self.client.post(&*self.upstream).json(request).send().await.expect("the chain answers");
        sent.json().await.expect("JSON")
    }
}
