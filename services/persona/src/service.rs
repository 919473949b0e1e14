//! The routes, and what they sell.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Json,
    extract::{Path, Query as Params, State},
    http::{HeaderValue, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_kit::{Context, JsonBody, Problem, Route, Routes, StartError, Usdc};

use crate::{
    answer::Answer,
    cache::{Cache, prompt_hash},
    cli::Model,
    engine::{Engine, QueryError},
    page,
    request::{PRICE_PER_PERSONA, Query, RequestError},
};

/// What this service is configured with, besides what every service is.
#[derive(clap::Args)]
pub struct Config {
    #[command(flatten)]
    model: Model,
}

struct Persona {
    engine: Engine,
    cache: Mutex<Cache>,
}

type Shared = State<Arc<Persona>>;

/// The table of routes.
///
/// # Errors
/// [`StartError`] when panel, bank or model cannot be loaded.
pub async fn routes(config: Config, _: Context) -> Result<Routes, StartError> {
    let state = Arc::new(Persona { engine: config.model.engine()?, cache: Mutex::default() });
    let query = Route::post("/v1/personas/query")
        .price(Usdc::from_atomic(PRICE_PER_PERSONA))
        .price_by("persona", price)
        .check(check(Arc::clone(&state)))
        .summary("Ask personas: answers in their words, the audience's distribution with its interval, and what it rests on.")
        .request::<Query>()
        .response::<Answer>();
    let list = Route::get("/v1/personas").summary("The panel's people, a page at a time.").query::<Page>();
    let one =
        Route::get("/v1/personas/{id}").summary("One persona's record; every field says how it is known.");
    let panel = Route::get("/v1/panel").summary("The panel's margins beside the cited ones it is raked to.");
    Ok(Routes::new()
        .page("/", axum::routing::get(page::show))
        .paid(query, ask)
        .free(list, personas)
        .free(one, persona)
        .free(panel, margins)
        .with_state(state))
}

fn price(_: &Parts, body: &Bytes) -> Result<Usdc, Problem> {
    let price = Query::from_json(body).and_then(|query| query.price()).map_err(QueryError::from)?;
    Ok(Usdc::from_atomic(price))
}

/// What could not be answered is refused before any money moves.
fn check(state: Arc<Persona>) -> impl Fn(&Parts, &Bytes) -> Result<(), Problem> + Send + Sync {
    move |_, body| {
        let query = Query::from_json(body).map_err(QueryError::from)?;
        state.engine.admit(&query)?;
        Ok(())
    }
}

/// `POST /v1/personas/query`.
async fn ask(State(state): Shared, JsonBody(query): JsonBody<Query>) -> Result<Response, Problem> {
    let hash = prompt_hash(&query);
    let known = if query.fresh { None } else { state.cache().get(&hash) };
    let status = match (&known, query.fresh) {
        (Some(_), _) => "persona; hit",
        (None, true) => "persona; fwd=request",
        (None, false) => "persona; fwd=uri-miss; stored",
    };
    let answer = match known {
        Some(answer) => answer,
        None => {
            let working = Arc::clone(&state);
            let answer = tokio::task::spawn_blocking(move || working.engine.answer(&query))
                .await
                .map_err(Problem::internal)??;
            let answer = Arc::new(answer);
            state.cache().put(hash, Arc::clone(&answer));
            answer
        }
    };
    let mut response = Json(&*answer).into_response();
    response.headers_mut().insert("cache-status", HeaderValue::from_static(status));
    Ok(response)
}

/// Which part of the panel.
#[derive(Deserialize, JsonSchema)]
struct Page {
    /// How many to skip.
    #[serde(default)]
    offset: usize,
    /// How many to show, 100 at most. 20 unless given.
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Listed {
    total: usize,
    personas: Vec<Value>,
}

async fn personas(State(state): Shared, Params(page): Params<Page>) -> Json<Listed> {
    let people = &state.engine.panel.people;
    let shown = people.iter().skip(page.offset).take(page.limit.unwrap_or(20).min(100));
    Json(Listed { total: people.len(), personas: shown.map(crate::panel::Persona::record).collect() })
}

async fn persona(State(state): Shared, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let found = state.engine.panel.by_id(&id).map(crate::panel::Persona::record);
    found.map(Json).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "no_such_persona", "the panel has nobody of this id")
    })
}

async fn margins(State(state): Shared) -> Json<Value> {
    Json(state.engine.panel.margins())
}

impl Persona {
    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let status = match &error {
            QueryError::Request(RequestError::Body(_)) => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.reason(), error.to_string())
    }
}
